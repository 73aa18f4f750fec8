"""Routing: the first rule that holds says who is told, where, and how soon to answer."""

from __future__ import annotations

from typing import NamedTuple

from rules.declaration import COMMON, DATES, Rule, Scope, read_rule, rule_nodes, told
from rules.facts import ROUTE_FACTS, Facts
from rules.language.reading import Reader
from rules.language.source import Node
from rules.report import Route
from rules.target import TO, Target, read_target


class Routing(NamedTuple):
    """The last resort has no condition, so that no signal is ever without a route."""

    rules: tuple[tuple[Rule, Target], ...]
    default_id: str
    default: Target
    default_line: int = 1
    """Where it stands in `routing.yaml`."""

    def route(self, facts: Facts) -> Route:
        """First match in the order of the file; a rule that raises is passed over, and named."""
        failed: list[str] = []
        for rule, target in self.rules:
            if told(rule, facts, failed) is not None:
                return target.route(rule.id, facts, tuple(failed))
        return self.default.route(self.default_id, facts, tuple(failed))


def read_routing(reader: Reader, node: Node, scope: Scope) -> Routing | None:
    """The whole file; None when the default, which every signal may need, is wrong."""
    table = scope.tables.get("routing.csv")
    fields = (
        reader.fields(node, "routing.yaml", ("rules", "default"))
        if table is None
        else reader.fields(node, "routing.yaml", ("default",), ("rules",))
    )
    scope = scope._replace(names=scope.names._replace(facts=ROUTE_FACTS))
    rules: list[tuple[Rule, Target]] = []
    for at, item in rule_nodes(reader, fields.get("rules"), "`rules`", table):
        parts = at.fields(item, "a route", (*COMMON, *TO), ("kept_by", *DATES))
        rule = read_rule(at, item.line, parts, scope, "kept_by")
        target = read_target(at, parts)
        if rule is not None and target is not None:
            rules.append((rule, target))
    if "default" not in fields:
        return None
    parts = reader.fields(fields["default"], "the default route", ("id", *TO))
    name = scope.ids.read(reader, parts["id"]) if "id" in parts else None
    target = read_target(reader, parts)
    line = fields["default"].line
    return Routing(tuple(rules), name, target, line) if name and target else None
