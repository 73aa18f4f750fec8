"""Reads `segments.yaml`: lists and conditions with a name, for every other file to use.

Segments may use segments that stand anywhere in the file; a circle of them is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from rules.facts import NUMBER, ROUTE_FACTS, WORD
from rules.language.conditions import Segment
from rules.language.names import UNREAD, Named, Names, Words, size
from rules.language.read_conditions import read_condition
from rules.language.reading import Reader
from rules.language.source import Node

MOST_ITEMS = 1000
"""Items of one list."""
MOST_NAMES = 500
"""Lists, and segments, of one catalog."""


def read_segments(reader: Reader, node: Node | None) -> Names:
    """The names that this file declares, over all facts; none without a file.

    Where it cannot be read its names are `UNREAD`: other files are not blamed for using them.
    """
    fields = {} if node is None else reader.fields(node, reader.file, (), ("lists", "segments"))
    lacking: Mapping[str, None] = UNREAD if reader.count() else {}
    lists = _read_lists(reader, fields["lists"]) if "lists" in fields else lacking
    names = Names(ROUTE_FACTS, lists, lacking)
    if "segments" not in fields:
        return names
    nodes = _entries(reader, fields["segments"], "`segments`")
    return _Declaring(reader, nodes, names).all() if nodes else names._replace(segments=UNREAD)


def _entries(reader: Reader, node: Node, what: str) -> dict[str, Node]:
    """Nodes by name; names are written as ids are."""
    entries = reader.entries(node, what)
    if len(entries) > MOST_NAMES:
        reader.problem(node.line, f"{what} has at most {MOST_NAMES} names")
        return {}
    for name in entries:
        reader.name(Node(name, node.key_lines[name], {}), f"a name in {what}")
    return entries


def _read_lists(reader: Reader, node: Node) -> Mapping[str, Words | None]:
    nodes = _entries(reader, node, "`lists`")
    return {name: _read_list(reader, name, item) for name, item in nodes.items()} or UNREAD


def _read_list(reader: Reader, name: str, node: Node) -> Words | None:
    items = reader.items(node, f"list `{name}`")
    if len(items) > MOST_ITEMS:
        reader.problem(node.line, f"list `{name}` has more than {MOST_ITEMS} items")
        return None
    kind = NUMBER if items and all(_is_number(item) for item in items) else WORD
    if kind == WORD:
        words = [reader.word(item, f"an item of list `{name}`") for item in items]
        if None in words:
            return None
    return Words(kind, node) if items else None


def _is_number(node: Node) -> bool:
    return isinstance(node.value, int | float) and not isinstance(node.value, bool)


class _Declaring:
    """Reads each segment once, those that it uses first."""

    def __init__(self, reader: Reader, nodes: dict[str, Node], names: Names) -> None:
        self._reader = reader
        self._nodes = nodes
        self._names = names
        self._read: dict[str, Named | None] = {}
        self._waiting: dict[str, list[str]] = {name: _used(node) for name, node in nodes.items()}

    def all(self) -> Names:
        for name in self._in_order():
            self._declare(name)
        return self._over()

    def _over(self) -> Names:
        return self._names._replace(segments=dict.fromkeys(self._nodes) | self._read)

    def _declare(self, name: str) -> None:
        names = self._over()
        part = read_condition(self._reader, self._nodes[name], names)
        if part is not None:
            segment = Segment(name, part)
            self._read[name] = Named(segment, size(part, names))

    def _in_order(self) -> list[str]:
        """Users after what they use; those in a circle are told of, and left out."""
        order: dict[str, None] = {}
        circular: set[str] = set()
        for start in self._nodes:
            path: list[tuple[str, int]] = [(start, 0)]
            while path:
                name, at = path.pop()
                uses = [one for one in self._waiting[name] if one in self._nodes]
                if at == len(uses):
                    order[name] = None
                    continue
                path.append((name, at + 1))
                following = uses[at]
                on_path = [one for one, _ in path]
                if following in on_path:
                    self._refuse([*on_path[on_path.index(following) :], following], circular)
                elif following not in order:
                    path.append((following, 0))
        return [name for name in order if name not in circular]

    def _refuse(self, circle: list[str], circular: set[str]) -> None:
        told = " → ".join(f"`{one}`" for one in circle)
        line = self._nodes[circle[0]].line
        self._reader.problem(line, f"segments use each other in a circle: {told}")
        circular.update(circle)


def _used(node: Node) -> list[str]:
    """The segments that a declaration names, in order."""
    used: dict[str, None] = {}
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one.value, dict):
            name = one.value.get("segment")
            if name is not None and isinstance(name.value, str):
                used[name.value] = None
            waiting.extend(one.value.values())
        elif isinstance(one.value, list):
            waiting.extend(one.value)
    return list(used)
