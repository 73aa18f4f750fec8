"""Which leads teach and which test: as a file says, or the newest accounts by themselves."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from core.errors import DefinitionError, Problem
from training.dataset import Example

PARTS = {"train": "teach", "valid": "teach", "test": "test"}
"""Word in the file → part. Cross-validation stands for a validation part, so `valid` teaches."""

TEST_SHARE = 0.2
MOST_PROBLEMS = 20


class Split(NamedTuple):
    teach: list[Example]
    test: list[Example]


def read_split(file: Path) -> dict[str, str]:
    """CSV with the columns crm_id and split → crm id → teach or test.

    DefinitionError names every wrong line (the first twenty).
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = csv.DictReader(lines)
            if not {"crm_id", "split"} <= set(rows.fieldnames or ()):
                raise DefinitionError(f"{file} needs the columns crm_id and split")
            return _parts(file, [(row["crm_id"], row["split"]) for row in rows])
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DefinitionError(f"cannot read {file}: {problem}") from problem


def _parts(file: Path, rows: list[tuple[str, str]]) -> dict[str, str]:
    parts: dict[str, str] = {}
    problems = []
    for line, (crm_id, word) in enumerate(rows, 2):
        if word not in PARTS:
            problems.append(Problem(f"{file.name}:{line}", f"{word!r} is no {'/'.join(PARTS)}"))
        elif parts.setdefault(crm_id, PARTS[word]) != PARTS[word]:
            problems.append(Problem(f"{file.name}:{line}", f"{crm_id} is in two parts"))
    if problems:
        raise DefinitionError(f"{file} is no split", problems=problems[:MOST_PROBLEMS])
    return parts


def split(examples: Sequence[Example], parts: dict[str, str] | None, evaluated_age: int) -> Split:
    """Test examples are of the evaluated age alone. A lead that the file omits is in no part."""
    if parts is None:
        parts = newest_accounts(examples)
    return Split(
        [one for one in examples if parts.get(one.label.crm_id) == "teach"],
        [
            one
            for one in examples
            if parts.get(one.label.crm_id) == "test" and one.age == evaluated_age
        ],
    )


def newest_accounts(examples: Sequence[Example]) -> dict[str, str]:
    """The accounts whose first lead came last are the test: later in time, and none is shared."""
    first: dict[str, int] = {}
    leads: dict[str, set[str]] = {}
    for one in examples:
        at = one.label.created_at
        first[one.group] = min(at, first.get(one.group, at))
        leads.setdefault(one.group, set()).add(one.label.crm_id)
    wanted = TEST_SHARE * sum(len(group) for group in leads.values())
    parts: dict[str, str] = {}
    tested = 0
    for group in sorted(first, key=lambda name: (-first[name], name)):
        part = "test" if tested < wanted else "teach"
        tested += len(leads[group]) if part == "test" else 0
        parts.update(dict.fromkeys(leads[group], part))
    return parts
