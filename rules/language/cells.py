"""One cell of a decision table → a condition, in the nodes that YAML would have given.

>= 3   > 3   <= 3   < 3   = 3   != 3     a number, compared
1..5                                     from 1 to 5, both included
UK; US       not UK; US                  one of these, or none of them
list:regions       not list:regions      the same with a list of segments.yaml
missing      known                       nobody knows the fact, or somebody does
contains finance     within_days 7 …     any operator by its name, `not` before it if wanted
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rules.facts import WORD
from rules.language.grid import Cell
from rules.language.operators import IS_MISSING, OPERATORS, SIGNS
from rules.language.reading import Reader
from rules.language.source import Node, Place, plain

_SIGN = re.compile(r"(>=|=>|<=|=<|<>|!=|>|<|=)\s*(.+)")
_RANGE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)\s*\.\.\s*(-?[0-9]+(?:\.[0-9]+)?)")
_NAMED = re.compile(rf"({'|'.join(sorted(OPERATORS, key=len, reverse=True))})\s+(.+)", re.DOTALL)
_LIST = re.compile(r"list:\s*(\S+)")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_LOOKS = str.maketrans({"≥": ">=", "≤": "<=", "≠": "!=", "\u00a0": " ", "…": ".."})
_DATED = re.compile(r"[0-9]{1,2}-[A-Za-z]{3}|[A-Za-z]{3}-[0-9]{2}")
_ERRORS = ("#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!")
_MANY = frozenset({"in", "not_in", "domain"})


class Asked(NamedTuple):
    """What a cell asks of its fact: `negated` puts a `not` before it."""

    op: str
    value: Node | None
    negated: bool


def read_cell(reader: Reader, cell: Cell, kind: str, *, decimal_comma: bool) -> Asked | None:
    """What the cell asks; None after noting what a spreadsheet made of it."""
    text, place = cell.text.translate(_LOOKS), cell.place
    if text in _ERRORS:
        reader.problem(place, f"`{text}` is an error of the spreadsheet")
        return None
    if kind == WORD and _DATED.fullmatch(text):
        reader.problem(
            place,
            f"`{text}` looks like a date that the spreadsheet made of something else, such as"
            " `10-49`: format the column as text and write it again",
        )
        return None
    if decimal_comma and kind != WORD:
        text = _COMMA.sub(".", text)
    negated = text.lower().startswith("not ")
    asked = _read(text[4:].strip() if negated else text, kind, place)
    if not negated:
        return asked
    opposite = {"is": "is_not", "in": "not_in"}.get(asked.op)
    return asked._replace(op=opposite) if opposite else asked._replace(negated=True)


def _read(text: str, kind: str, place: Place) -> Asked:
    if text.lower() in {"missing", "known"}:
        return Asked(IS_MISSING, None, text.lower() == "known")
    if sign := _SIGN.fullmatch(text):
        return Asked(SIGNS.get(sign[1], "is_not"), _value(sign[2], kind, place), False)
    if named := _NAMED.fullmatch(text):
        op = named[1]
        return Asked(op, _argument(op, named[2], kind, place), False)
    if (ends := _RANGE.fullmatch(text)) and kind != WORD:
        return Asked(
            "between", Node([_value(end, kind, place) for end in ends.groups()], place, {}), False
        )
    if _LIST.fullmatch(text) or ";" in text:
        return Asked("in", _many(text, kind, place), False)
    return Asked("is", _value(text, kind, place), False)


def _argument(op: str, text: str, kind: str, place: Place) -> Node:
    """What follows the name of an operator."""
    if op in _MANY:
        return _many(text, kind, place)
    if op == "between" and (ends := _RANGE.fullmatch(text)):
        return Node([_value(end, kind, place) for end in ends.groups()], place, {})
    return _value(text, kind, place)


def _many(text: str, kind: str, place: Place) -> Node:
    named = _LIST.fullmatch(text)
    if named:
        return Node({"list": Node(named[1], place, {})}, place, {"list": place})
    items = [item.strip() for item in text.split(";")]
    return Node([_value(item, kind, place) for item in items if item], place, {})


def _value(text: str, kind: str, place: Place) -> Node:
    """A word stays a word, also one of digits; of anything else it is what YAML would see."""
    return Node(text if kind == WORD else plain(text), place, {})


def condition_node(fact: str, asked: Asked, place: Place) -> Node:
    """The cell as it would stand in YAML."""
    fields = {"fact": Node(fact, place, {}), "op": Node(asked.op, place, {})}
    if asked.value is not None:
        fields["value"] = asked.value
    node = Node(fields, place, dict.fromkeys(fields, place))
    return Node({"not": node}, place, {"not": place}) if asked.negated else node
