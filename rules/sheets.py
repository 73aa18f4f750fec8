"""Reads `fit.yaml`, `intent.yaml`, `negative.yaml` and `account.yaml`."""

from __future__ import annotations

from itertools import pairwise

from rules.declaration import Scope
from rules.language.reading import Reader
from rules.language.source import Node
from rules.sheet import Sheet, read_scored, read_verdicts

Grades = tuple[tuple[float, str], ...]

_LETTERS = ("A", "B", "C")
_LAST = "D"


def read_fit(reader: Reader, node: Node, scope: Scope) -> tuple[Sheet, Grades]:
    """`grades`, `groups` and `rules`: points from 0 to 100."""
    fields = _fields(reader, node, ("grades", "groups"), "rules", scope)
    grades = _read_grades(reader, fields["grades"]) if "grades" in fields else ()
    return read_scored(reader, fields, "fit", 1, scope), grades


def read_intent(reader: Reader, node: Node, scope: Scope) -> Sheet:
    """`groups` and `rules`: points from 0 to 100."""
    fields = _fields(reader, node, ("groups",), "rules", scope)
    return read_scored(reader, fields, "intent", 1, scope)


def read_negative(reader: Reader, node: Node, scope: Scope) -> tuple[Sheet, Sheet]:
    """`groups` and `rules` take points away; `suppress` forbids signals."""
    suppress = ("suppress",) if "suppress.csv" not in scope.tables else ()
    fields = _fields(reader, node, ("groups", *suppress), "rules", scope, ("suppress",))
    scored = read_scored(reader, fields, "negative", -1, scope)
    return scored, read_verdicts(reader, fields.get("suppress"), "suppress", scope)


def read_account(reader: Reader, node: Node, scope: Scope) -> Sheet:
    """`mqa`: the account qualifies when one of these rules holds."""
    fields = _fields(reader, node, (), "mqa", scope)
    return read_verdicts(reader, fields.get("mqa"), "account", scope)


def _fields(
    reader: Reader,
    node: Node,
    required: tuple[str, ...],
    rules: str,
    scope: Scope,
    optional: tuple[str, ...] = (),
) -> dict[str, Node]:
    """The keys of one file. A decision table beside it may hold all of its `rules`."""
    name = reader.file
    if name.replace(".yaml", ".csv") in scope.tables:
        return reader.fields(node, name, required, (rules, *optional))
    return reader.fields(node, name, (*required, rules), optional)


def _read_grades(reader: Reader, node: Node) -> Grades:
    """The least points of A, B and C; D is everything below."""
    fields = reader.fields(node, "`grades`", _LETTERS)
    least = [
        reader.number(fields[letter], f"grade {letter}", 0, 100)
        for letter in _LETTERS
        if letter in fields
    ]
    falling = [points for points in least if points is not None]
    if any(better <= worse for better, worse in pairwise(falling)):
        reader.problem(node.line, "A has to ask for more points than B, and B for more than C")
    return (*zip(falling, _LETTERS, strict=False), (0.0, _LAST))
