"""Routing: the first rule that holds says who is told, where, and how soon to answer."""

from __future__ import annotations

import re
from typing import NamedTuple

from rules.declaration import COMMON, DATES, Ids, Rule, read_rule, told
from rules.facts import ROUTE_FACTS, Facts
from rules.language.names import Names
from rules.language.read_conditions import read_fact
from rules.language.reading import Reader
from rules.language.source import Node
from rules.report import Route

_TO = ("owner", "destinations", "respond_within")
_DESTINATION = re.compile(r"console|[a-z][a-z0-9_]*:\S+")


class Owner(NamedTuple):
    """A fixed one, or the value of a fact with a name to fall back to when it is missing."""

    name: str
    fact: str | None = None

    def of(self, facts: Facts) -> str:
        said = facts.get(self.fact) if self.fact else None
        return self.name if said is None else str(said)


class Target(NamedTuple):
    owner: Owner
    destinations: tuple[str, ...]
    respond_within_s: int


class Routing(NamedTuple):
    """The last resort has no condition, so that no signal is ever without a route."""

    rules: tuple[tuple[Rule, Target], ...]
    default_id: str
    default: Target

    def route(self, facts: Facts) -> Route:
        """First match in the order of the file; a rule that raises is passed over."""
        for rule, target in self.rules:
            if told(rule, facts, failed=[]) is not None:
                return _route(rule.id, target, facts)
        return _route(self.default_id, self.default, facts)


def _route(rule: str, target: Target, facts: Facts) -> Route:
    return Route(rule, target.owner.of(facts), target.destinations, target.respond_within_s)


def read_routing(reader: Reader, node: Node, names: Names, ids: Ids) -> Routing | None:
    """The whole file; None when the default, which every signal may need, is wrong."""
    fields = reader.fields(node, "routing.yaml", ("rules", "default"))
    names = names._replace(facts=ROUTE_FACTS)
    rules: list[tuple[Rule, Target]] = []
    for item in reader.items(fields["rules"], "`rules`") if "rules" in fields else ():
        parts = reader.fields(item, "a route", (*COMMON, *_TO), ("kept_by", *DATES))
        rule = read_rule(reader, item.line, parts, names, ids, "kept_by")
        target = _read_target(reader, parts)
        if rule is not None and target is not None:
            rules.append((rule, target))
    if "default" not in fields:
        return None
    parts = reader.fields(fields["default"], "the default route", ("id", *_TO))
    name = ids.read(reader, parts["id"]) if "id" in parts else None
    target = _read_target(reader, parts)
    return Routing(tuple(rules), name, target) if name and target else None


def _read_target(reader: Reader, fields: dict[str, Node]) -> Target | None:
    if not all(name in fields for name in _TO):
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
    if not isinstance(node.value, dict):
        name = reader.word(node, "`owner`")
        return None if name is None else Owner(name)
    fields = reader.fields(node, "`owner`", ("fact", "else"))
    if len(fields) < 2:
        return None
    fact = read_fact(reader, fields["fact"], ROUTE_FACTS)
    name = reader.word(fields["else"], "`else`")
    return None if fact is None or name is None else Owner(name, fact)


def _read_destination(reader: Reader, node: Node) -> str | None:
    place = reader.word(node, "a destination")
    if place is None or _DESTINATION.fullmatch(place):
        return place
    reader.problem(
        node.line, f"`{place}` is no destination: write `console` or `kind:name`, as `webhook:crm`"
    )
    return None
