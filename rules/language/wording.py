"""Texts for sellers: `{fact}` is its value, `{fact|visit|visits}` the value and its noun."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from core.clock import to_iso
from rules.facts import AGE, MOMENT, NUMBER, Facts, Value
from rules.language.read_conditions import unknown_fact
from rules.language.reading import Reader
from rules.language.source import Node

Fill = Callable[[Facts], str]

_LONGEST = 200
_PLACE = re.compile(r"\{([^{}]*)\}")


def read_text(reader: Reader, node: Node, facts: Mapping[str, str]) -> Fill | None:
    """A text of at most 200 characters whose placeholders name known facts."""
    text = reader.word(node, "`text`")
    if text is None:
        return None
    before = reader.count()
    if len(text) > _LONGEST:
        reader.problem(node.line, f"`text` is at most {_LONGEST} characters long")
    if "{" in (rest := _PLACE.sub("", text)) or "}" in rest:
        reader.problem(node.line, "`text` has a brace without its other half")
    for place in _PLACE.findall(text):
        fact, *nouns = place.split("|")
        if fact not in facts:
            reader.problem(node.line, f"`text`: {unknown_fact(reader, fact, facts)}")
        elif nouns and (len(nouns) != 2 or facts[fact] not in {NUMBER, AGE}):
            reader.problem(node.line, f"`{{{place}}}`: write {{number|one|many}}")
    return _fill(text, facts) if reader.count() == before else None


def facts_in(text: str) -> set[str]:
    """The facts that a declared text tells."""
    return {place.split("|")[0] for place in _PLACE.findall(text)}


def _fill(text: str, kinds: Mapping[str, str]) -> Fill:
    said = _PLACE.split(text)[::2]
    tellers = [_teller(place, kinds) for place in _PLACE.findall(text)]
    if not tellers:
        return lambda _: text
    if len(tellers) == 1:  # nearly all texts, and a third faster
        before, after, teller = said[0], said[1], tellers[0]
        return lambda facts: before + teller(facts) + after
    template = "{}".join(said)
    return lambda facts: template.format(*(teller(facts) for teller in tellers))


def _teller(place: str, kinds: Mapping[str, str]) -> Fill:
    fact, *nouns = place.split("|")
    if kinds[fact] == MOMENT:
        return lambda facts: tell_day(facts.get(fact))
    if not nouns:
        return lambda facts: tell(facts.get(fact))
    one, many = nouns

    def with_noun(facts: Facts) -> str:
        value = facts.get(fact)
        return f"{tell(value)} {one if value == 1 else many}"

    return with_noun


@lru_cache(maxsize=4096)
def tell(value: Value) -> str:
    """`vp_finance` → “vp finance”, 1234.5 → “1,234”, 2.25 → “2.2”, missing → “unknown”."""
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value.replace("_", " ")
    if value == int(value) or abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{value:.1f}"


def tell_day(value: Value) -> str:
    """A moment → “2026-05-01”, its UTC day."""
    return to_iso(value)[:10] if isinstance(value, int) else "unknown"
