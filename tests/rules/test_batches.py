"""A batch turned on its side answers for each lead what the lead alone is answered."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from random_rules import AGES, LARGE, LEADS, NUMBERS, WORDS, catalogs

from rules import Facts, Rulebook
from rules.plan import FEW

ODD = st.sampled_from(["three", 3, [], {"a": 1}, object, b"x", 10**400, True])
"""What no fact is ever: some of it cannot even be looked up."""

FACTS = (*NUMBERS, *AGES, *WORDS, "as_of")


@settings(LARGE, max_examples=30)
@given(catalogs(), st.lists(LEADS, min_size=FEW, max_size=FEW + 4), st.data())
def test_a_batch_is_its_leads_one_by_one_with_odd_values_too(
    book: Rulebook, leads: list[Facts], data: st.DataObject
) -> None:
    """One lead's odd value costs one lead one rule, whoever stands beside it in the batch."""
    places = st.tuples(st.integers(0, FEW - 1), st.sampled_from(FACTS), ODD)
    changed: list[dict[str, Any]] = [dict(lead) for lead in leads]
    for place, fact, value in data.draw(st.lists(places, max_size=3)):
        changed[place][fact] = value
    ids = [rule.id for rule in book.rules()]
    snoozed = [frozenset({name}) for name in (ids * len(leads))[: len(leads)]]
    alone = [
        book.evaluate([lead], [passed])[0] for lead, passed in zip(changed, snoozed, strict=True)
    ]
    assert book.evaluate(changed, snoozed) == alone


def test_a_rule_that_raises_for_one_lead_holds_for_the_others(rulebook: Rulebook) -> None:
    """Else one bad import would silence a rule for a whole batch."""
    batch: list[Facts] = [{"pricing_views_7d": 4}] * FEW + [{"pricing_views_7d": "four"}]
    reports = rulebook.evaluate(batch)
    assert all("pricing_often" in {hit.id for hit in one.hits} for one in reports[:-1])
    assert not any(one.failed for one in reports[:-1])
    assert set(reports[-1].failed) == {"pricing_often", "pricing_seen"}
    assert not reports[-1].hits
