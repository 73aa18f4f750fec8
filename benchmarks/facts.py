"""Leads as rules see them: every feature, most of them 0 or unknown, in shares as in the demo."""

from __future__ import annotations

import random
from typing import Any

from core.clock import DAY
from features.definitions import FEATURES, Feature, Kind
from rules import Facts, Rulebook
from rules.facts import ROUTE_FACTS
from rules.language.conditions import Compare, leaves

NOW = 20_000 * DAY
_BUSY = (0.02, 0.1, 0.3)
"""How likely a count is more than 0: of a sleeping, a normal and a busy lead."""
_COUNTS = (1, 1, 1, 2, 2, 3, 5, 9)
_UNKNOWN = 0.3

Words = dict[str, list[str]]


def words_of(rulebook: Rulebook) -> Words:
    """For each fact the words that rules name, and two that none names."""
    said: Words = {}
    for rule in rulebook.rules():
        for leaf in leaves(rule.when):
            if isinstance(leaf, Compare) and ROUTE_FACTS[leaf.fact] == "word":
                values = leaf.value if isinstance(leaf.value, frozenset) else [leaf.value]
                said.setdefault(leaf.fact, []).extend(sorted(map(str, values)))
    return {fact: sorted({*words, "Head of Finance", "other"}) for fact, words in said.items()}


def crowd(seed: int, count: int, words: Words) -> list[Facts]:
    """The same leads for the same arguments."""
    dice = random.Random(seed)
    return [_lead(dice, dice.choice(_BUSY), words) for _ in range(count)]


def _lead(dice: random.Random, busy: float, words: Words) -> Facts:
    facts: dict[str, Any] = {one.name: _value(dice, one, busy, words) for one in FEATURES}
    facts["email_domain"] = f"company{dice.randrange(500)}.example"
    facts["owner"] = dice.choice((None, None, "rep-7"))
    facts["as_of"] = NOW
    return facts


def _value(dice: random.Random, feature: Feature, busy: float, words: Words) -> Any:
    match feature.kind:
        case Kind.WORD:
            known = words.get(feature.name, ["other"])
            return None if dice.random() < _UNKNOWN else dice.choice(known)
        case Kind.COUNT | Kind.DISTINCT | Kind.ROLES:
            return dice.choice(_COUNTS) if dice.random() < busy else 0
        case Kind.SINCE | Kind.AGE | Kind.RATIO | Kind.DEAL:
            return None if dice.random() < _UNKNOWN else dice.random() * 120
        case _:
            return dice.random() * 3
