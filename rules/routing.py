"""Routing: the first rule that holds says who is told, where, and how soon to answer."""

from __future__ import annotations

from typing import NamedTuple

from rules.declaration import COMMON, DATES, Ids, Rule, read_rule, told
from rules.facts import ROUTE_FACTS, Facts
from rules.language.names import Names
from rules.language.reading import Reader
from rules.language.source import Node
from rules.report import Route
from rules.target import TO, Target, read_target


class Routing(NamedTuple):
    """The last resort has no condition, so that no signal is ever without a route."""

    rules: tuple[tuple[Rule, Target], ...]
    default_id: str
    default: Target

    def route(self, facts: Facts) -> Route:
        """First match in the order of the file; a rule that raises is passed over."""
        for rule, target in self.rules:
            if told(rule, facts, failed=[]) is not None:
                return target.route(rule.id, facts)
        return self.default.route(self.default_id, facts)


def read_routing(reader: Reader, node: Node, names: Names, ids: Ids) -> Routing | None:
    """The whole file; None when the default, which every signal may need, is wrong."""
    fields = reader.fields(node, "routing.yaml", ("rules", "default"))
    names = names._replace(facts=ROUTE_FACTS)
    rules: list[tuple[Rule, Target]] = []
    for item in reader.items(fields["rules"], "`rules`") if "rules" in fields else ():
        parts = reader.fields(item, "a route", (*COMMON, *TO), ("kept_by", *DATES))
        rule = read_rule(reader, item.line, parts, names, ids, "kept_by")
        target = read_target(reader, parts)
        if rule is not None and target is not None:
            rules.append((rule, target))
    if "default" not in fields:
        return None
    parts = reader.fields(fields["default"], "the default route", ("id", *TO))
    name = ids.read(reader, parts["id"]) if "id" in parts else None
    target = read_target(reader, parts)
    return Routing(tuple(rules), name, target) if name and target else None
