"""Which rules read which facts: so that nobody changes a feature without knowing whom it moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.catalog import load_catalog
from rules.declaration import Rule
from rules.language.conditions import leaves
from rules.language.wording import facts_in
from rules.rulebook import Rulebook


def facts_used(files: Mapping[str, str]) -> dict[str, list[str]]:
    """Fact → ids of the rules that read it, in the order of the files.

    A rule reads what its condition asks, by a segment too, what its text tells, what its points
    decay by, and whom it routes to. DefinitionError for a catalog that is wrong.
    """
    used: dict[str, list[str]] = {}
    for rule, also in _rules(load_catalog(files)):
        asked = {leaf.fact for leaf in leaves(rule.when)}
        for fact in sorted(asked | also | facts_in(rule.said)):
            used.setdefault(fact, []).append(rule.id)
    return used


def _rules(book: Rulebook) -> Iterator[tuple[Rule, set[str]]]:
    """Each rule, with the facts that it reads beside condition and text."""
    for sheet in book.sheets:
        for scored in sheet.rules:
            yield scored.rule, {scored.decay.fact} if scored.decay else set()
    for rule, target in book.routing.rules:
        yield rule, {target.owner.fact} if target.owner.fact else set()
