"""diff: two catalogs → what an author changed: rules, settings, order. Comments are no change.

Works on the files as they are written, right or wrong: a draft may be compared before it compiles.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from rules.life.outline import Entry, Outline, read_outline

Kind = Literal["added", "removed", "changed", "moved"]


class Field(msgspec.Struct, frozen=True):
    """One thing about a rule, before and after; None where it was not there."""

    name: str
    before: str | None
    after: str | None


class Change(msgspec.Struct, frozen=True):
    """`name` is a rule's id, the way to a setting (`groups.site`), or empty for a whole file."""

    kind: Kind
    what: Literal["rule", "setting", "file"]
    file: str
    name: str
    line: int | None
    """Where it stands now; None when it is gone."""
    fields: tuple[Field, ...] = ()


class Diff(msgspec.Struct, frozen=True):
    changes: tuple[Change, ...]
    files: tuple[str, ...]
    """Those whose text differs, be it in comments alone."""

    @property
    def same(self) -> bool:
        """Letter by letter the same catalog."""
        return not self.files

    def summary(self) -> str:
        """`1 rule added (territory_de), 1 changed (pricing_seen)`: one line."""
        if self.same:
            return "no difference"
        if not self.changes:
            return f"only comments or layout of {', '.join(self.files)}"
        return ", ".join(_counted(self.changes))


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> Diff:
    """What changes from one catalog (file name → text) to the other. Never raises."""
    files = tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
    old = read_outline({name: before[name] for name in before})
    new = read_outline({name: after[name] for name in after})
    changes = [
        *_whole_files(before, after, old, new),
        *_settings(old, new),
        *_rules(old, new),
        *_moves(old, new),
    ]
    return Diff(tuple(sorted(changes, key=lambda one: (one.file, one.line or 0))), files)


def unified(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The texts' difference as `diff -u` shows it."""
    lines: list[str] = []
    for name in sorted({*before, *after}):
        old, new = (files.get(name, "").splitlines() for files in (before, after))
        lines += difflib.unified_diff(old, new, f"before/{name}", f"after/{name}", lineterm="")
    return "\n".join(lines)


def _whole_files(
    before: Mapping[str, str], after: Mapping[str, str], old: Outline, new: Outline
) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        if name not in before or name not in after:
            kind: Kind = "added" if name in after else "removed"
            yield Change(kind, "file", name, "", 1 if name in after else None)
        elif before[name] != after[name] and name in {*old.unreadable, *new.unreadable}:
            yield Change("changed", "file", name, "", 1)


def _settings(old: Outline, new: Outline) -> Iterator[Change]:
    for place in {**old.settings, **new.settings}:
        file, name = place
        was, now = old.settings.get(place), new.settings.get(place)
        if (was and was.told) == (now and now.told):
            continue
        field = Field("value", was.told if was else None, now.told if now else None)
        yield Change(_kind(was, now), "setting", file, name, now.line if now else None, (field,))


def _rules(old: Outline, new: Outline) -> Iterator[Change]:
    for name in {**old.rules, **new.rules}:
        was, now = old.rules.get(name), new.rules.get(name)
        fields = tuple(_fields(was, now))
        if fields:
            file = (now or was or Entry("", 0, {})).file
            yield Change(_kind(was, now), "rule", file, name, now.line if now else None, fields)


def _fields(was: Entry | None, now: Entry | None) -> Iterator[Field]:
    old, new = (was.fields if was else {}), (now.fields if now else {})
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield Field(name, old.get(name), new.get(name))
    if was and now and was.file != now.file:
        yield Field("file", was.file, now.file)


def _moves(old: Outline, new: Outline) -> Iterator[Change]:
    """Rules that stand elsewhere among those that both catalogs have: as few as explain it."""
    for place, ids in new.orders.items():
        before = [one for one in old.orders.get(place, []) if one in set(ids)]
        after = [one for one in ids if one in set(before)]
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        stayed = {
            one
            for block in matcher.get_matching_blocks()
            for one in before[block.a :][: block.size]
        }
        for name in after:
            if name not in stayed:
                was, now = _behind(before, name), _behind(after, name)
                line = new.rules[name].line
                yield Change("moved", "rule", place[0], name, line, (Field("order", was, now),))


def _behind(ids: list[str], name: str) -> str:
    at = ids.index(name)
    return f"behind {ids[at - 1]}" if at else "first"


def _kind(was: object, now: object) -> Kind:
    if was is None:
        return "added"
    return "removed" if now is None else "changed"


def _counted(changes: tuple[Change, ...]) -> Iterator[str]:
    """`2 rules added (a, b)`, `1 changed (c)`, …; at most five names each."""
    count = Counter((one.what, one.kind) for one in changes)
    for (what, kind), number in count.items():
        names = [one.name or one.file for one in changes if (one.what, one.kind) == (what, kind)]
        more = ", …" if number > 5 else ""
        noun = what if number == 1 else f"{what}s"
        yield f"{number} {noun} {kind} ({', '.join(names[:5])}{more})"
