"""Where a route leads: an owner, destinations, and the time to answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from rules.facts import ROUTE_FACTS, Facts
from rules.language.read_conditions import read_fact
from rules.language.reading import Reader
from rules.language.source import Node
from rules.pool import Pool, read_pool
from rules.report import Route

TO = ("owner", "destinations", "respond_within")
_DESTINATION = re.compile(r"console|[a-z][a-z0-9_]*:\S+")


class Owner(NamedTuple):
    """The value of a fact; without one, or while it is missing, a name or a round robin."""

    name: str
    """The name, or who takes over when the round robin has no room."""
    fact: str | None = None
    pool: Pool | None = None

    def of(self, facts: Facts) -> tuple[str, Pool | None]:
        """The owner; with a round robin beside it where that has to choose one first."""
        said = facts.get(self.fact) if self.fact else None
        return (self.name, self.pool) if said is None else (str(said), None)


class Target(NamedTuple):
    owner: Owner
    destinations: tuple[str, ...]
    respond_within_s: int

    def route(self, rule: str, facts: Facts, failed: tuple[str, ...]) -> Route:
        owner, pool = self.owner.of(facts)
        return Route(rule, owner, self.destinations, self.respond_within_s, pool, failed)


def read_target(reader: Reader, fields: dict[str, Node]) -> Target | None:
    """From the fields named in `TO`; None when one is missing or wrong."""
    if not all(name in fields for name in TO):
        return None
    owner = _read_owner(reader, fields["owner"])
    destinations = [
        _read_destination(reader, item)
        for item in reader.items(fields["destinations"], "`destinations`")
    ]
    within = reader.duration(fields["respond_within"], "`respond_within`")
    if owner is None or within is None:
        return None
    return Target(owner, tuple(place for place in destinations if place), within)


def _read_owner(reader: Reader, node: Node) -> Owner | None:
    if not isinstance(node.value, dict) or "round_robin" in node.value:
        return _read_name(reader, node, "`owner`")
    fields = reader.fields(node, "`owner`", ("fact", "else"))
    if len(fields) < 2:
        return None
    fact = read_fact(reader, fields["fact"], ROUTE_FACTS)
    owner = _read_name(reader, fields["else"], "`else`")
    return None if fact is None or owner is None else owner._replace(fact=fact)


def _read_name(reader: Reader, node: Node, what: str) -> Owner | None:
    if isinstance(node.value, dict):
        pool = read_pool(reader, node)
        return None if pool is None else Owner(pool.otherwise, pool=pool)
    name = reader.word(node, what)
    return None if name is None else Owner(name)


def _read_destination(reader: Reader, node: Node) -> str | None:
    place = reader.word(node, "a destination")
    if place is None or _DESTINATION.fullmatch(place):
        return place
    reader.problem(
        node.line, f"`{place}` is no destination: write `console` or `kind:name`, as `webhook:crm`"
    )
    return None
