"""Routing: first match, owners from the CRM, and a last resort."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules import SIGNALS, Rulebook, load_catalog, read_catalog
from rules.trace import trace

BOOK = load_catalog(read_catalog())
WORD = st.none() | st.sampled_from(["US", "UK", "FR", "2000+", "200-499", "c_suite", "rep-7"])


@given(
    st.fixed_dictionaries(
        {"signal": st.sampled_from(SIGNALS)},
        optional={"region": WORD, "employee_band": WORD, "seniority": WORD, "owner": WORD},
    )
)
def test_every_signal_finds_a_route(facts: dict[str, str | None]) -> None:
    """No lead is stuck in a queue that nobody owns."""
    route = BOOK.route(facts)
    assert route.owner
    assert route.destinations
    assert route.respond_within_s > 0


def test_the_first_match_wins(rulebook: Rulebook) -> None:
    """High value goes to senior people although the lead has an owner already."""
    route = rulebook.route(
        {"signal": "lead.hot", "region": "US", "employee_band": "2000+", "owner": "rep-7"}
    )
    assert (route.rule, route.owner) == ("enterprise_us", "senior-rep-us")
    assert route.respond_within_s == 900


def test_the_crm_owner_keeps_their_lead(rulebook: Rulebook) -> None:
    """Nobody is asked to work on somebody else's lead."""
    route = rulebook.route({"signal": "lead.hot", "region": "UK", "owner": "rep-7"})
    assert (route.rule, route.owner) == ("known_owner", "rep-7")
    assert "slack:#hot-leads" in route.destinations


def test_an_owner_that_is_missing_falls_back_to_a_name(rulebook: Rulebook) -> None:
    """A cooled lead without a representative is still somebody's."""
    route = rulebook.route({"signal": "lead.cooled"})
    assert (route.rule, route.owner) == ("for_the_record", "revenue-operations")


def test_a_route_that_raises_is_passed_over_and_named(rulebook: Rulebook) -> None:
    """An odd fact must not keep a signal from its destination, nor stay unseen."""
    route = rulebook.route({"region": ["US"], "signal": []})  # type: ignore[dict-item]
    assert route.rule == "everyone_else"
    assert "for_the_record" in route.failed
    states = {one.id: one.state for one in trace(rulebook, {"signal": []}).rules}  # type: ignore[dict-item]
    assert states["for_the_record"] == "failed"


def test_a_route_below_the_one_that_holds_is_not_asked(rulebook: Rulebook) -> None:
    """Only what was passed over on the way is named."""
    assert rulebook.route({"signal": "lead.cooled", "region": ["US"]}).failed == ()  # type: ignore[dict-item]
