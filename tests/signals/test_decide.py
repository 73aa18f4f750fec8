"""What is told of a lead, and what is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from signal_fakes import COOLDOWN_S, NOW, RULEBOOK, FakeRulebook, standing_of, trigger_of

from core.clock import DAY, HOUR, MINUTE, SECOND
from features.tiles import Tiles, encode, keep_day, keep_hour
from features.vector import vector
from signals.decide import decide, decide_account
from signals.rescore import rescore_at
from signals.types import About, BandState, ClosedDeal, Decision, NoSignal, Signal

COOLDOWN = COOLDOWN_S * SECOND


def look(before, priority, at=NOW, message_id="m-1", **report) -> Decision:
    standing = standing_of(priority, before.band if before else None, **report)
    return decide(before, standing, trigger_of(at, message_id), RULEBOOK, at)


def told(decision: Decision) -> list[str]:
    return [item.type for item in decision.signals if isinstance(item, Signal)]


def test_first_live_scoring_tells_of_a_hot_lead_once():
    """History sets no band: a lead already hot when live events begin must still be told of."""
    first = look(None, 80)
    second = look(first.state, 85, NOW + MINUTE, "m-2")
    assert (told(first), told(second)) == (["lead.hot"], [])
    assert second.signals == (NoSignal("unchanged"),)


def test_flicker_between_the_thresholds_is_silent():
    """Hysteresis: a lead that swings between leave and enter is told of once."""
    state, found = None, []
    for step, priority in enumerate([71, 61, 69, 60.5, 72, 65]):
        decision = look(state, priority, NOW + step * DAY, f"m-{step}")
        state = decision.state
        found += told(decision)
    assert found == ["lead.hot"]


def test_the_same_crossing_has_the_same_id_and_a_second_one_another():
    """Receivers drop repeats by id, and must not drop what is new."""
    hot = look(None, 80)
    again = look(None, 80)
    cooled = look(hot.state, 20, NOW + 2 * COOLDOWN, None)
    second = look(cooled.state, 80, NOW + 4 * COOLDOWN, "m-9")
    assert hot.signals == again.signals
    assert told(second) == ["lead.hot"]
    assert hot.signals[0].id != second.signals[0].id


def test_the_id_does_not_hang_on_model_or_profile():
    """A caller decides first and adds reasons and profile only where there is a signal."""
    trigger = trigger_of(NOW)
    plain = decide(None, standing_of(80), trigger, RULEBOOK, NOW)
    about = About(person={"email": "vp@acme.com"}, owner="rep-7")
    full = decide(None, standing_of(80), trigger, RULEBOOK, NOW, about=about)
    assert plain.signals[0].id == full.signals[0].id
    assert full.signals[0].data["route"]["owner"] == "rep-7"


def test_a_crossing_in_its_cooldown_is_told_afterwards_if_still_true():
    """Held back is not forgotten: what receivers believe becomes true again."""
    hot = look(None, 80)
    cooled = look(hot.state, 20, NOW + MINUTE, "m-2")
    early = look(cooled.state, 80, NOW + 2 * MINUTE, "m-3")
    assert early.signals == (NoSignal("cooldown", "lead.hot", NOW + COOLDOWN),)
    assert early.state.rescore_at is not None
    assert early.state.rescore_at <= NOW + COOLDOWN
    later = look(early.state, 80, NOW + COOLDOWN, None)
    assert told(later) == ["lead.hot"]


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.integers(1, 3 * COOLDOWN_S), st.booleans()), max_size=40
    )
)
def test_receivers_hear_a_consistent_story(steps):
    """For any course: hot never follows hot, cooled only hot, and cooldowns hold."""
    state, at, believed = None, NOW, False
    last: dict[str, int] = {}
    for number, (priority, wait_s, suppressed) in enumerate(steps):
        at += wait_s * SECOND
        decision = look(state, priority, at, f"m-{number}", suppressed=suppressed)
        state = decision.state
        for name in told(decision):
            assert at - last.get(name, at - COOLDOWN) >= COOLDOWN
            assert believed == (name != "lead.hot") or name == "lead.suppressed"
            last[name], believed = at, name == "lead.hot"
        assert believed == (state.told == "hot")
        assert not (suppressed and state.band == "hot")
        assert suppressed or "lead.suppressed" not in told(decision)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=10))
def test_what_receivers_believe_becomes_true_after_the_cooldowns(priorities):
    """Whatever happened, one more look after all cooldowns leaves nobody misinformed."""
    state = None
    for number, priority in enumerate(priorities):
        state = look(state, priority, NOW + number * MINUTE, f"m-{number}").state
    state = look(state, priorities[-1], NOW + 2 * COOLDOWN, None).state
    assert (state.told == "hot") == (state.band == "hot")


def test_a_suppressed_lead_takes_the_hot_signal_back():
    """A seller who was told to call must hear that it is a customer now."""
    hot = look(None, 80)
    suppressed = look(hot.state, 80, NOW + MINUTE, "m-2", suppressed=True)
    assert told(suppressed) == ["lead.suppressed"]
    assert told(look(suppressed.state, 80, NOW + DAY, "m-3", suppressed=True)) == []


def test_a_lead_nobody_heard_of_is_suppressed_in_silence():
    """There is nothing to take back."""
    assert told(look(None, 80, suppressed=True)) == []


def test_a_late_event_tells_nothing_and_uses_up_no_crossing():
    """Features take what is old; sellers do not."""
    late = decide(None, standing_of(80), trigger_of(NOW, occurred_at=NOW - DAY - 1), RULEBOOK, NOW)
    assert late == Decision(BandState(lead_id="lead-1"), (NoSignal("late"),))
    assert told(look(late.state, 80)) == ["lead.hot"]


def test_a_closed_deal_and_a_new_name_are_told_beside_a_crossing():
    """They tell of an event, so no band can hide them; each deal has an id of its own."""
    deals = (
        ClosedDeal(deal_id="d-1", message_id="m-1", won=True, value=5.0),
        ClosedDeal(deal_id="d-2", message_id="m-1", won=False),
    )
    trigger = trigger_of(NOW, closed=deals, identified=True)
    decision = decide(None, standing_of(80), trigger, RULEBOOK, NOW)
    assert told(decision) == ["lead.hot", "outcome.won", "outcome.lost", "lead.identified"]
    assert len({signal.id for signal in decision.signals}) == 4
    assert decision.signals[1].data["deal"] == {"id": "d-1", "won": True, "value": 5.0}


def test_a_signal_names_the_routes_that_raised():
    """Whoever wonders why a lead went to the default must not have to guess; the worker, where
    signals are made, has no page of counts.
    """

    class Raising(FakeRulebook):
        def route(self, facts):
            return replace(super().route(facts), failed=("broken",))

    standing = replace(standing_of(80), rulebook=Raising())
    decision = decide(None, standing, trigger_of(NOW), standing.rulebook, NOW)
    score = decision.signals[0].data["score"]
    assert score["degraded"] == [*standing.degraded, "rule:broken"]
    assert "rule:broken" not in standing.degraded


def test_an_account_is_told_of_once_whoever_of_its_people_comes_next():
    """Several people make it qualify; each of them would otherwise send the signal again."""
    first = decide_account(None, standing_of(50, mqa=True), trigger_of(NOW), RULEBOOK, NOW)
    other = standing_of(50, mqa=True, lead_id="lead-2")
    second = decide_account(first.state, other, trigger_of(NOW, "m-2"), RULEBOOK, NOW)
    over = decide_account(second.state, standing_of(50), trigger_of(NOW, "m-3"), RULEBOOK, NOW)
    assert (first.signal.type, first.signal.subject) == ("account.mqa", "account/account-1")
    assert second.signal == NoSignal("unchanged")
    assert over.signal.type == "account.cooled"


def test_a_lead_without_account_decides_nothing_of_accounts():
    """An anonymous visitor belongs to no company."""
    alone = standing_of(50, mqa=True, features=vector("lead-1", None, None, None, NOW))
    assert decide_account(None, alone, trigger_of(NOW), RULEBOOK, NOW) is None


@given(st.integers(NOW, NOW + 3 * DAY), st.sampled_from(["hot", "warm"]), st.booleans())
def test_a_lead_that_can_fall_is_looked_at_at_the_next_hop(now, band, active):
    """Windows up to two days move each hour, the others each day; no later than in a day."""
    tiles = Tiles()
    if active:
        keep_hour(tiles, now // HOUR, {1: 1})
        keep_day(tiles, now // DAY, {1: 1})
    due = rescore_at(vector("lead-1", None, encode(tiles), None, now), band, now)
    hop = HOUR if active else DAY
    assert due is not None
    assert due % hop == 0
    assert now < due <= now + hop


def test_a_cold_lead_waits_for_an_event():
    """Nothing can fall from cold: millions of cold leads cost no timer."""
    assert rescore_at(vector("lead-1", None, None, None, NOW), "cold", NOW) is None
