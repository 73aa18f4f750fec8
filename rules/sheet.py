"""A sheet: the rules of one purpose, with groups that cap what their hits may add."""

from __future__ import annotations

from typing import NamedTuple

from rules.declaration import COMMON, Ids, Rule, read_rule, told
from rules.facts import LEAD_FACTS, Facts
from rules.language.reading import Reader
from rules.language.source import Node
from rules.report import Hit, HitGroup

MOST = 100
"""A sheet never adds more, nor takes more away."""


class Sheet(NamedTuple):
    """`caps` and `points` have the same sign; suppressions and account rules carry no points."""

    purpose: HitGroup
    caps: dict[str, float]
    rules: tuple[tuple[Rule, str, float], ...]
    """Each rule with its group and points."""

    def add_up(
        self, facts: Facts, hits: list[Hit], failed: list[str], snoozed: frozenset[str]
    ) -> float:
        """Appends the hits and returns their points; `snoozed` rules are passed over.

        Hits are counted in the order of the file, until the cap of their group is used up or the
        sheet has reached 100 (or -100): so the points of the hits add up to what is returned.
        """
        room = self.caps.copy()
        total: float = 0
        for rule, group, points in self.rules:
            text = None if rule.id in snoozed else told(rule, facts, failed)
            if text is None:
                continue
            added = min(abs(points), abs(room[group]), MOST - abs(total))
            added = added if points >= 0 else -added
            room[group] -= added
            total += added
            hits.append(Hit(rule.id, self.purpose, text, added))
        return total


def read_scored(
    reader: Reader, fields: dict[str, Node], purpose: HitGroup, sign: int, ids: Ids
) -> Sheet:
    """`groups` and `rules` of a sheet whose points all have this sign (1 or -1)."""
    caps = _read_caps(reader, fields["groups"], sign) if "groups" in fields else {}
    rules: list[tuple[Rule, str, float]] = []
    for node in reader.items(fields["rules"], "`rules`") if "rules" in fields else ():
        parts = reader.fields(node, "a rule", (*COMMON, "group", "points"))
        rule = read_rule(reader, node.line, parts, LEAD_FACTS, ids)
        group = _read_group(reader, parts["group"], caps) if "group" in parts else None
        points = _read_points(reader, parts["points"], "`points`", sign) if "points" in parts else 0
        if rule is not None and group is not None and points:
            rules.append((rule, group, points))
    return Sheet(purpose, caps, tuple(rules))


def read_verdicts(reader: Reader, node: Node, purpose: HitGroup, ids: Ids) -> Sheet:
    """Rules without points: that one of them holds is all that counts."""
    rules: list[tuple[Rule, str, float]] = []
    for item in reader.items(node, f"`{purpose}` rules"):
        parts = reader.fields(item, "a rule", COMMON)
        rule = read_rule(reader, item.line, parts, LEAD_FACTS, ids)
        if rule is not None:
            rules.append((rule, "", 0.0))
    return Sheet(purpose, {"": 0.0}, tuple(rules))


def _read_caps(reader: Reader, node: Node, sign: int) -> dict[str, float]:
    caps: dict[str, float] = {}
    for name, item in reader.entries(node, "`groups`").items():
        cap = _read_points(reader, item, f"the cap of `{name}`", sign)
        caps[name] = 0 if cap is None else cap
    return caps


def _read_group(reader: Reader, node: Node, caps: dict[str, float]) -> str | None:
    group = reader.word(node, "`group`")
    if group is None or group in caps:
        return group
    known = ", ".join(f"`{name}`" for name in caps) or "none"
    reader.problem(node.line, f"unknown group `{group}`; `groups` declares {known}")
    return None


def _read_points(reader: Reader, node: Node, what: str, sign: int) -> float | None:
    """A whole number from 1 to 100, or from -100 to -1."""
    low, high = (1, 100) if sign > 0 else (-100, -1)
    return reader.whole(node, what, low, high)
