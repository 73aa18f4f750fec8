"""Who reads a fact: told from the catalog itself."""

from __future__ import annotations

from collections.abc import Callable

from rules import read_catalog
from rules.facts import ROUTE_FACTS
from rules.usage import facts_used

Edit = Callable[[str, str, str], dict[str, str]]


def test_conditions_texts_decays_and_owners_all_count_as_reading() -> None:
    """A rule that only prints a fact would print something else after a change."""
    used = facts_used(read_catalog())
    assert "pricing_lately" in used["days_since_pricing_views"]  # condition, text and decay
    assert "colleagues_raise_hands" in used["account_active_people_7d"]
    assert "for_the_record" in used["owner"]
    assert "target_industry" in used["industry"]


def test_a_segment_is_read_by_whoever_uses_it(edit: Edit) -> None:
    """Its facts do not stand in the rule, and still move it."""
    used = facts_used(read_catalog())
    assert {"customer", "churn_risk"} <= {*used["deals_won_ever"]}
    changed = facts_used(edit("segments.yaml", "fact: deals_won_ever", "fact: deals_opened_ever"))
    assert "customer" in changed["deals_opened_ever"]


def test_a_row_of_a_table_reads_too() -> None:
    """Whoever changes a feature asks about every file."""
    table = 'id,text,points,group,videos_90d\nit,"{chats_90d|chat|chats}",1,company,>= 2\n'
    used = facts_used({**read_catalog(), "fit.csv": table})
    assert used["videos_90d"] == used["chats_90d"] == ["it"]


def test_the_shipped_catalog_reads_known_facts_only() -> None:
    """And many of them: an empty answer would make `features list` silent about rules."""
    used = facts_used(read_catalog())
    assert used.keys() <= ROUTE_FACTS.keys()
    assert len(used) > 20
    assert "form" in " ".join(used["form_submits_1d"])
