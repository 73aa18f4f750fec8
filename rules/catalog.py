"""A folder of YAML files becomes a rulebook, or one error with everything that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from core.crypto import sha256_hex
from core.errors import DefinitionError, Problem
from rules.declaration import Ids
from rules.facts import LEAD_FACTS
from rules.language.names import Names
from rules.language.reading import Reader, did_you_mean
from rules.language.source import MOST_BYTES, Node, read_yaml
from rules.priority_sheet import read_priority
from rules.routing import read_routing
from rules.rulebook import Rulebook
from rules.segments import read_segments
from rules.sheets import read_account, read_fit, read_intent, read_negative

FILES = (
    "fit.yaml", "intent.yaml", "negative.yaml", "account.yaml", "priority.yaml", "routing.yaml",
)  # fmt: skip

OPTIONAL = ("segments.yaml",)

SHIPPED = Path(__file__).parent / "catalog"
_Read = TypeVar("_Read")
_DO = "correct the places named above and run `leadline rules check` again"


def read_catalog(folder: Path | None = None) -> dict[str, str]:
    """File name → text of every YAML file in `folder` (None: the shipped catalog).

    DefinitionError when the folder or a file cannot be read, names all of them.
    """
    place = SHIPPED if folder is None else folder
    if not place.is_dir():
        raise DefinitionError(
            f"{place} is not a folder of rules", do="name one that holds fit.yaml and its siblings"
        )
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(p for p in place.iterdir() if p.suffix in {".yaml", ".yml"}):
        try:
            # A file that is too large is cut here and refused by the check that follows.
            with path.open("rb") as file:
                files[path.name] = file.read(MOST_BYTES + 1).decode()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(path.name, f"cannot be read: {error}"))
    if problems:
        raise DefinitionError(f"the rules in {place} cannot be read", do=_DO, problems=problems)
    return files


def catalog_digest(files: Mapping[str, str]) -> str:
    """A fingerprint of names and texts, 16 hex characters; the order of the files is no matter."""
    return sha256_hex(msgspec.json.encode(sorted(files.items())).decode())[:16]


def load_catalog(files: Mapping[str, str]) -> Rulebook:
    """Checks and compiles a catalog (file name → text).

    DefinitionError names every problem at once, each with `file:line`.
    """
    readers = {name: Reader(name) for name in (*OPTIONAL, *FILES)}
    nodes = {name: read_yaml(files[name], readers[name]) for name in readers if name in files}
    ids = Ids()
    every = read_segments(readers["segments.yaml"], nodes.get("segments.yaml"))
    names = every._replace(facts=LEAD_FACTS)

    def read(name: str, reading: Callable[[Reader, Node, Names, Ids], _Read]) -> _Read | None:
        node = nodes.get(name)
        return None if node is None else reading(readers[name], node, names, ids)

    fit = read("fit.yaml", read_fit)
    intent = read("intent.yaml", read_intent)
    negative = read("negative.yaml", read_negative)
    account = read("account.yaml", read_account)
    scale = read("priority.yaml", read_priority)
    routing = read("routing.yaml", read_routing)
    problems = _names(files) + [found for reader in readers.values() for found in reader.problems]
    if problems or not fit or not intent or not negative or not account or not scale or not routing:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise DefinitionError(f"the rule catalog has {count}", do=_DO, problems=problems)
    return Rulebook(*fit, intent, *negative, account, scale, routing)


def _names(files: Mapping[str, str]) -> list[Problem]:
    """Files that are missing, and files that nobody would read."""
    known = (*FILES, *OPTIONAL)
    lacking = [Problem(name, "is missing from the catalog") for name in FILES if name not in files]
    return lacking + [
        Problem(name, f"is no file of a catalog{did_you_mean(name, known)}")
        for name in files
        if name not in known
    ]
