"""YAML text → a tree of nodes that know their line.

Built from the parser's events, so that nothing is ever constructed by a tag, an alias is never
followed, and `NO`, `on` and `2024-01-01` stay the words they are: only true, false, null, empty
and decimal numbers are anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:
    from rules.language.reading import Reader

Scalar = str | int | float | bool | None

MOST_BYTES = 1_000_000
MOST_DEPTH = 40

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")


class Place(int):
    """A line, from 1; in a table, with the column."""

    column: str

    def __new__(cls, line: int, column: str = "") -> Place:
        place = super().__new__(cls, line)
        place.column = column
        return place


class Node(NamedTuple):
    """A value and the line (from 1) it starts at; a mapping knows its keys' lines too."""

    value: Scalar | list[Node] | dict[str, Node]
    line: int
    key_lines: dict[str, int]


class _RefusedError(Exception):
    """The rest of the file is not worth reading; the problem is noted already."""


def read_yaml(text: str, reader: Reader) -> Node | None:
    """The one document in `text`; None when it cannot be read at all. Problems go to `reader`."""
    if too_large(text, reader):
        return None
    try:
        return _Composer(yaml.parse(text, Loader=_LOADER), reader).document()
    except _RefusedError:
        return None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reader.problem(line, f"is not YAML: {error.problem or error}")
    except (yaml.YAMLError, UnicodeError) as error:
        reader.problem(1, f"is not YAML: {' '.join(str(error).split())}")
    return None


def too_large(text: str, reader: Reader) -> bool:
    """Notes a text of more than a megabyte: nobody maintains that by hand."""
    large = len(text) > MOST_BYTES or len(text.encode(errors="replace")) > MOST_BYTES
    if large:
        reader.problem(1, f"is larger than {MOST_BYTES // 1_000_000} MB: split or shorten it")
    return large


def plain(text: str) -> Scalar:
    """What an unquoted scalar means."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


class _Composer:
    def __init__(self, events: Iterator[Any], reader: Reader) -> None:
        self._events = events
        self._reader = reader

    def document(self) -> Node | None:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                if root is not None:
                    self._reader.problem(_line(event), "starts a second document: one is read")
                    raise _RefusedError
                root = self._node(event, 0)
        if root is None:
            self._reader.problem(1, "is empty")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        if depth > MOST_DEPTH:
            self._reader.problem(line, f"is nested deeper than {MOST_DEPTH} levels")
            raise _RefusedError
        self._refuse_indirection(event, line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(line, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(line, depth)
        if isinstance(event, yaml.ScalarEvent):
            return Node(event.value if event.style else plain(event.value), line, {})
        return Node(None, line, {})

    def _refuse_indirection(self, event: Any, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._reader.problem(line, f"alias `*{event.anchor}`: write the value out")
        elif event.anchor is not None:
            self._reader.problem(line, f"anchor `&{event.anchor}`: write the value out")
        if getattr(event, "tag", None) is not None:
            self._reader.problem(line, f"tag `{event.tag}`: remove it, values need none")

    def _sequence(self, line: int, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Node(items, line, {})

    def _mapping(self, line: int, depth: int) -> Node:
        entries: dict[str, Node] = {}
        key_lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._node(event, depth + 1)
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            value = self._node(next(self._events), depth + 1)
            if key is None:
                self._reader.problem(_line(event), "a key has to be one word")
            elif key in entries:
                self._reader.problem(
                    _line(event), f"`{key}` stands here already, at line {key_lines[key]}"
                )
            else:
                entries[key], key_lines[key] = value, _line(event)
        return Node(entries, line, key_lines)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
