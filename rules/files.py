"""The files of a catalog: which there are, and how a folder of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from core.crypto import sha256_hex
from core.errors import DefinitionError, Problem
from rules.language.reading import did_you_mean
from rules.language.source import MOST_BYTES
from rules.tables import TABLES

SHEETS = (
    "fit.yaml", "intent.yaml", "negative.yaml", "account.yaml", "priority.yaml", "routing.yaml",
)  # fmt: skip
"""Every catalog has these; it may have `SEGMENTS`, and a table beside each of them, as well."""

SEGMENTS = "segments.yaml"
KNOWN = (*SHEETS, SEGMENTS, *TABLES)
SHIPPED = Path(__file__).parent / "catalog"
DO = "correct the places named above and run `leadline rules check` again"
_SUFFIXES = frozenset({".yaml", ".yml", ".csv"})
_MOST_FILES = 50


def read_catalog(folder: Path | None = None) -> dict[str, str]:
    """File name → text of every YAML and CSV file in `folder` (None: the shipped catalog).

    DefinitionError when the folder or a file cannot be read, or folders in it would be left out:
    names all of them. `.git` and its like are nobody's mistake.
    """
    place = SHIPPED if folder is None else folder
    if not place.is_dir():
        raise DefinitionError(
            f"{place} is not a folder of rules", do="name one that holds fit.yaml and its siblings"
        )
    paths = sorted(path for path in place.iterdir() if path.suffix in _SUFFIXES)
    if len(paths) > _MOST_FILES:
        raise DefinitionError(
            f"{place} holds {len(paths)} files", do=f"a catalog has these: {', '.join(KNOWN)}"
        )
    files: dict[str, str] = {}
    problems = _folders(place)
    for path in paths:
        try:
            files[path.name] = _text(path)
        except UnicodeDecodeError as error:
            problems.append(Problem(path.name, f"cannot be read: {error}; save it as UTF-8"))
        except OSError as error:
            problems.append(Problem(path.name, f"cannot be read: {error.strerror or error}"))
    if problems:
        raise DefinitionError(f"the rules in {place} cannot be read", do=DO, problems=problems)
    return files


def _folders(place: Path) -> list[Problem]:
    """Folders in a folder of rules: what is in them would look published and never count."""
    told = "is a folder, which nobody reads: a catalog's files stand side by side; move it away"
    return [
        Problem(f"{path.name}/", told)
        for path in sorted(place.iterdir())
        if path.is_dir() and path.suffix not in _SUFFIXES and not path.name.startswith(".")
    ]


def _text(path: Path) -> str:
    """What is too large is cut, and refused by the check that follows.

    A character that the cut went through is no mistake of the author's. OSError for what is no
    file: a named pipe would be waited for, and a device has no end.
    """
    if path.exists() and not path.is_file():
        raise OSError("it is a folder" if path.is_dir() else "it is no ordinary file")
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    return raw.decode(errors="ignore" if len(raw) > MOST_BYTES else "strict")


def catalog_digest(files: Mapping[str, str]) -> str:
    """A fingerprint of names and texts, 16 hex characters; the order of the files is no matter."""
    return sha256_hex(msgspec.json.encode(sorted(files.items())).decode())[:16]


def name_problems(files: Mapping[str, str]) -> list[Problem]:
    """Files that are missing, and files that nobody would read."""
    lacking = [Problem(name, "is missing from the catalog") for name in SHEETS if name not in files]
    return lacking + [
        Problem(name, f"is no file of a catalog{did_you_mean(name, KNOWN)}")
        for name in files
        if name not in KNOWN
    ]
