"""Reads `fit.yaml`, `intent.yaml`, `negative.yaml` and `account.yaml`."""

from __future__ import annotations

from itertools import pairwise

from rules.declaration import Ids
from rules.language.names import Names
from rules.language.reading import Reader
from rules.language.source import Node
from rules.sheet import Sheet, read_scored, read_verdicts

Grades = tuple[tuple[float, str], ...]

_LETTERS = ("A", "B", "C")
_LAST = "D"


def read_fit(reader: Reader, node: Node, names: Names, ids: Ids) -> tuple[Sheet, Grades]:
    """`grades`, `groups` and `rules`: points from 0 to 100."""
    fields = reader.fields(node, "fit.yaml", ("grades", "groups", "rules"))
    grades = _read_grades(reader, fields["grades"]) if "grades" in fields else ()
    return read_scored(reader, fields, "fit", 1, names, ids), grades


def read_intent(reader: Reader, node: Node, names: Names, ids: Ids) -> Sheet:
    """`groups` and `rules`: points from 0 to 100."""
    fields = reader.fields(node, "intent.yaml", ("groups", "rules"))
    return read_scored(reader, fields, "intent", 1, names, ids)


def read_negative(reader: Reader, node: Node, names: Names, ids: Ids) -> tuple[Sheet, Sheet]:
    """`groups` and `rules` take points away; `suppress` forbids signals."""
    fields = reader.fields(node, "negative.yaml", ("groups", "rules", "suppress"))
    scored = read_scored(reader, fields, "negative", -1, names, ids)
    if "suppress" not in fields:
        return scored, Sheet("suppress", {}, ())
    return scored, read_verdicts(reader, fields["suppress"], "suppress", names, ids)


def read_account(reader: Reader, node: Node, names: Names, ids: Ids) -> Sheet:
    """`mqa`: the account qualifies when one of these rules holds."""
    fields = reader.fields(node, "account.yaml", ("mqa",))
    if "mqa" not in fields:
        return Sheet("account", {}, ())
    return read_verdicts(reader, fields["mqa"], "account", names, ids)


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
