"""A catalog as an outline: its rules by id, its other settings by place. Nothing is checked.

Whatever a later file or field may be called, it has a place here, so no change goes unseen.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rules.language.reading import Reader
from rules.language.source import Node, read_yaml


class Entry(NamedTuple):
    """A rule as it is written: field → value in words."""

    file: str
    line: int
    fields: dict[str, str]


class Setting(NamedTuple):
    told: str
    line: int


class Outline(NamedTuple):
    rules: dict[str, Entry]
    settings: dict[tuple[str, str], Setting]
    """(file, way to it) → value."""
    orders: dict[tuple[str, str], list[str]]
    """(file, way to the list) → ids, in the order in which they are asked."""
    unreadable: set[str]


def read_outline(files: Mapping[str, str]) -> Outline:
    outline = Outline({}, {}, {}, set())
    for name, text in files.items():
        if name.endswith(".csv"):
            _read_table(name, text, outline)
            continue
        node = read_yaml(text, Reader(name))
        if node is None:
            outline.unreadable.add(name)
        else:
            _walk(name, "", node, outline)
    return outline


def tell(node: Node) -> str:
    """A value as an author would say it: a condition in words, anything else as it is written."""
    value = node.value
    if isinstance(value, dict):
        said = _condition(value)
        return said or "{" + ", ".join(f"{key}: {tell(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(tell(one) for one in value) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def _condition(value: dict[str, Node]) -> str:
    """`pricing_views_7d between [1, 2] and not (region is UK)`; empty if it is none."""
    if "fact" in value and "op" in value:
        parts = (tell(value[key]) for key in ("fact", "op", "value") if key in value)
        return " ".join(parts)
    if len(value) != 1:
        return ""
    ((form, node),) = value.items()
    if form == "not":
        return f"not ({tell(node)})"
    if form in {"all", "any"} and isinstance(node.value, list):
        word = " and " if form == "all" else " or "
        return word.join(_inner(one) for one in node.value)
    return f"in segment {tell(node)}" if form == "segment" else ""


def _inner(node: Node) -> str:
    grouped = isinstance(node.value, dict) and ("all" in node.value or "any" in node.value)
    return f"({tell(node)})" if grouped else tell(node)


def _walk(file: str, place: str, node: Node, outline: Outline) -> None:
    value = node.value
    if isinstance(value, dict) and "id" in value:
        _add_rule(file, node.line, {key: tell(one) for key, one in value.items()}, outline)
    elif isinstance(value, list) and value and all(_is_rule(one) for one in value):
        for one in value:
            _walk(file, place, one, outline)
        outline.orders[file, place] = list(dict.fromkeys(_ids(value)))
    elif isinstance(value, dict) and value and not _condition(value):
        for key, one in value.items():
            _walk(file, f"{place}.{key}" if place else key, one, outline)
    else:
        outline.settings[file, place] = Setting(tell(node), node.line)


def _is_rule(node: Node) -> bool:
    return isinstance(node.value, dict) and "id" in node.value


def _ids(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node.value, dict):
            yield tell(node.value["id"])


def _add_rule(file: str, line: int, fields: dict[str, str], outline: Outline) -> None:
    """An id that is used twice is wrong, and both stay visible."""
    name = fields.pop("id")
    free = name
    while free in outline.rules:
        free += "′"
    outline.rules[free] = Entry(file, line, fields)


def _read_table(file: str, text: str, outline: Outline) -> None:
    """A decision table: each row a rule, each filled cell a field."""
    plain = text.removeprefix("\ufeff")
    head = plain.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    ids: list[str] = []
    try:
        rows = csv.DictReader(io.StringIO(plain), delimiter=separator)
        for row in rows:
            fields = {
                (key or "").strip(): (cell or "")
                for key, cell in row.items()
                if isinstance(cell, str)
            }
            filled = {key: cell.strip() for key, cell in fields.items() if cell.strip()}
            if "id" in filled:
                ids.append(filled["id"])
                _add_rule(file, rows.line_num, filled, outline)
    except csv.Error:
        outline.unreadable.add(file)
    outline.orders[file, ""] = list(dict.fromkeys(ids))
