"""A round robin: representatives who share the leads of one route, by weight and capacity.

Who comes next follows from counts alone, so it can be worked out again and comes out the same.
The counts are kept outside (`signals.assignments`): rules know no state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.language.reading import Reader
from rules.language.source import Node

MOST_MEMBERS = 200
PER_S = 7 * 86_400
"""The stretch that is counted unless `per` says another: a week."""


class Member(NamedTuple):
    name: str
    weight: int
    """How many leads for each one that a member of weight 1 gets."""
    capacity: int | None
    """The most leads that are still open and were given in the pool's stretch; None: no limit."""


class Load(NamedTuple):
    """What one member was given by one route within the pool's stretch."""

    given: int = 0
    open: int = 0
    """Those of them that have neither cooled nor been suppressed, won or lost."""


class Pool(NamedTuple):
    members: tuple[Member, ...]
    per_s: int
    """Seconds back in which leads are counted."""
    otherwise: str
    """Who takes a lead when nobody has room."""

    def next(self, loads: Mapping[str, Load]) -> str | None:
        """The member with the fewest leads for their weight, of equals the one declared first;
        None when nobody has room. `loads` by name; who is not in it was given nothing.
        """
        least: tuple[float, str] | None = None
        for name, weight, capacity in self.members:
            given, still_open = loads.get(name, _NOTHING)
            full = capacity is not None and still_open >= capacity
            if not full and (least is None or given / weight < least[0]):
                least = given / weight, name
        return least[1] if least else None

    def has(self, name: str) -> bool:
        return any(member.name == name for member in self.members)


_NOTHING = Load()


def read_pool(reader: Reader, node: Node) -> Pool | None:
    """`round_robin`, `else`, and `per`; None after noting what is wrong."""
    fields = reader.fields(node, "a round robin", ("round_robin", "else"), ("per",))
    if len(fields.keys() - {"per"}) < 2:
        return None
    items = reader.items(fields["round_robin"], "`round_robin`")
    if len(items) > MOST_MEMBERS:
        reader.problem(node.line, f"a round robin has at most {MOST_MEMBERS} members")
        return None
    members = [_read_member(reader, item) for item in items]
    found = [one for one in members if one is not None]
    for name in sorted(
        {one.name for one in found if [other.name for other in found].count(one.name) > 1}
    ):
        reader.problem(node.line, f"`{name}` stands twice in this round robin: give it a weight")
    per = reader.duration(fields["per"], "`per`") if "per" in fields else PER_S
    if per == 0:
        reader.problem(fields["per"].line, "`per` has to be longer than 0")
    otherwise = reader.word(fields["else"], "`else`")
    if not found or per is None or otherwise is None:
        return None
    return Pool(tuple(found), per, otherwise)


def _read_member(reader: Reader, node: Node) -> Member | None:
    if isinstance(node.value, str):
        name = reader.word(node, "a member")
        return None if name is None else Member(name, 1, None)
    fields = reader.fields(node, "a member", ("name",), ("weight", "capacity"))
    name = reader.word(fields["name"], "`name`") if "name" in fields else None
    weight = reader.whole(fields["weight"], "`weight`", 1, 100) if "weight" in fields else 1
    capacity = (
        reader.whole(fields["capacity"], "`capacity`", 1, 100_000) if "capacity" in fields else None
    )
    return None if name is None or weight is None else Member(name, weight, capacity)
