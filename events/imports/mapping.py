"""Which column means what: a mapping, declared in YAML and checked against the file at hand.

One form serves both imports. `import leads` reads all of it; `import outcomes` reads `file`,
`lead`, `missing` and `outcome`. docs/import.md explains every key.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from core.errors import DefinitionError, Problem
from events.attributes import PREFIX, ColumnKind
from events.imports.cells import moment_of, zone_named
from events.imports.plan import FACTS, Plan, Status, When, named
from events.imports.profile import Column, Kind, words_of


def read_mapping(path: Path) -> Plan:
    """DefinitionError names the key at fault; `check` compares it with a file."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise DefinitionError(f"cannot read the mapping {path}: {problem}") from problem
    try:
        return msgspec.convert(_long(told or {}), Plan)
    except msgspec.ValidationError as problem:
        raise DefinitionError(
            f"the mapping {path} is wrong: {problem}", do="docs/import.md explains every key"
        ) from problem


def write_mapping(path: Path, plan: Plan) -> None:
    """Replaces the file in one step."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(to_yaml(plan), encoding="utf-8")
        draft.replace(path)
    except OSError as problem:
        raise DefinitionError(f"cannot write {path}: {problem.strerror}") from problem


def to_yaml(plan: Plan) -> str:
    told = {key: value for key, value in msgspec.to_builtins(plan).items() if value != {}}
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=100)


def _long(told: Any) -> Any:
    """Short forms written out: `created: Created Date`, `status: {column: …}` with bare words."""
    if not isinstance(told, dict):
        return told
    told = dict(told)
    outcome = told.get("outcome")
    if isinstance(outcome, dict):
        told["outcome"] = outcome = dict(outcome)
        if isinstance(outcome.get("closed"), str):
            outcome["closed"] = {"column": outcome["closed"]}
        if isinstance(outcome.get("status"), dict):
            outcome["status"] = _words(outcome["status"])
    if isinstance(told.get("created"), str):
        told["created"] = {"column": told["created"]}
    if isinstance(told.get("created"), dict) and "day" in told["created"]:
        told["created"] = {**told["created"], "day": str(told["created"]["day"])}
    return told


def _words(status: dict[Any, Any]) -> dict[Any, Any]:
    """YAML makes true, no and 1 of words that stand in files as they are."""
    return {
        key: [_word(one) for one in value]
        if key in END_WORDS and isinstance(value, list)
        else value
        for key, value in status.items()
    }


def _word(told: object) -> str:
    return ("true" if told else "false") if isinstance(told, bool) else str(told)


def check(plan: Plan, columns: Sequence[str], need: Literal["leads", "outcomes"]) -> None:
    """DefinitionError with everything in which mapping and file do not fit each other."""
    problems = [*_unknown(plan, columns), *_parts(plan, need)]
    if problems:
        raise DefinitionError(
            "the mapping does not fit the file",
            problems=problems,
            do=f"columns of the file: {', '.join(columns)[:600]}",
        )


def _unknown(plan: Plan, columns: Sequence[str]) -> Iterator[Problem]:
    listed = ((f"columns.{column}", column) for column in plan.columns)
    for where, column in (*named(plan), *listed):
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield Problem(where, f"the file has no column {column!r}{hint}")


def _parts(plan: Plan, need: str) -> Iterator[Problem]:
    keys = (plan.lead.crm_id, plan.lead.email, plan.lead.user_id)
    if not any(keys) and (need == "outcomes" or plan.without_id == "refuse"):
        told = "names no column: give crm_id, email or user_id"
        yield Problem("lead", told + ("" if need == "outcomes" else ", or `without_id: keep`"))
    for name in plan.facts:
        if name not in FACTS:
            yield Problem(f"facts.{name}", f"is none of {', '.join(FACTS)}")
    if need == "outcomes" and plan.outcome is None:
        yield Problem("outcome", "is missing: say which column tells how a deal ended")
    if plan.created is not None:
        yield from _when("created", plan.created)
    if plan.outcome is not None:
        yield from _status(plan.outcome.status)
        if plan.outcome.closed is not None:
            yield from _when("outcome.closed", plan.outcome.closed)


def _when(where: str, when: When) -> Iterator[Problem]:
    if (when.column is None) == (when.day is None):
        yield Problem(where, "needs either column or day")
    if when.day is not None and moment_of(when.day) is None:
        yield Problem(f"{where}.day", f"{when.day!r} is no date")
    try:
        zone_named(when.zone)
    except KeyError:
        yield Problem(f"{where}.zone", f"no time zone is called {when.zone!r}")


def _status(status: Status) -> Iterator[Problem]:
    if (status.column is None) == (status.all is None):
        yield Problem("outcome.status", "needs either column or all")
    lists = {"won": status.won, "lost": status.lost, "open": status.open}
    seen: dict[str, str] = {}
    for end, words in lists.items():
        for word in words:
            other = seen.setdefault(word.strip().lower(), end)
            if other != end:
                yield Problem(f"outcome.status.{end}", f"{word!r} stands under {other} as well")
    if status.column is not None and not status.won:
        yield Problem("outcome.status.won", "no word means won")


END_WORDS = ("won", "lost", "open")
LONGEST_NAME = 60
_KINDS = {Kind.NUMBER: "number", Kind.WORD: "word", Kind.FLAG: "flag", Kind.DATE: "date"}


def attributes(plan: Plan, profile: Mapping[str, Column]) -> dict[str, tuple[str, ColumnKind]]:
    """Column of the file → (name of the attribute, kind): those that a model may learn from.

    A column that has a meaning of its own, or is nobody's trait (ids, names, prose), is none unless
    the mapping says so; facts are both.
    """
    taken = {column for where, column in named(plan) if not where.startswith("facts.")}
    found: dict[str, tuple[str, ColumnKind]] = {}
    used: set[str] = set()
    for column, seen in profile.items():
        kind = plan.columns.get(column) or (
            "ignore" if column in taken else _KINDS.get(seen.kind, "ignore")
        )
        if kind != "ignore":
            found[column] = (_name(column, used), ColumnKind(kind))
    return found


def _name(column: str, used: set[str]) -> str:
    base = PREFIX + (words_of(column).replace(" ", "_")[:LONGEST_NAME] or "column")
    name, number = base, 1
    while name in used:
        number += 1
        name = f"{base}_{number}"
    used.add(name)
    return name
