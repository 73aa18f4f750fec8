"""A difference in lines that a person reads before publishing it."""

from __future__ import annotations

from collections.abc import Iterator

from rules.life.difference import Change, Diff, Field

_MARKS = {"added": "+", "removed": "−", "changed": "~", "moved": "↕"}
_WIDE = 60
"""Values longer than this stand below each other."""


def lines(diff: Diff) -> list[str]:
    """File by file; a changed rule with each field before and after. Ends with the sum."""
    told: list[str] = []
    file = None
    for change in diff.changes:
        if change.file != file:
            file = change.file
            told.append(file)
        told += _change(change)
    return [*told, diff.summary()]


def _change(change: Change) -> Iterator[str]:
    name = change.name or "the file"
    head = f"  {_MARKS[change.kind]} {name}"
    if change.kind in {"added", "removed"}:
        yield f"{head} {_short(change)}".rstrip()
        return
    if len(change.fields) == 1 and not _long(change.fields[0]):
        yield f"{head}: {_field(change.fields[0])}"
        return
    yield head
    for field in change.fields:
        if _long(field):
            yield f"      {field.name}"
            yield f"        before  {field.before if field.before is not None else 'not there'}"
            yield f"        after   {field.after if field.after is not None else 'not there'}"
        else:
            yield f"      {_field(field)}"


def _short(change: Change) -> str:
    """What a new rule says and is worth, or what a setting is or was."""
    held = {one.name: one.after if one.after is not None else one.before for one in change.fields}
    parts = [f"“{held['text']}”"] if held.get("text") else []
    parts += [f"{name} {held[name]}" for name in ("points", "owner") if held.get(name)]
    parts += [f"when {held['when']}"] if held.get("when") else []
    return ", ".join(parts) or str(held.get("value") or "")


def _field(field: Field) -> str:
    name = "" if field.name == "value" else f"{field.name} "
    if field.before is None:
        return f"{name}{field.after} (new)"
    return f"{name}{field.before} → {field.after if field.after is not None else 'gone'}"


def _long(field: Field) -> bool:
    return len(field.before or "") + len(field.after or "") > _WIDE
