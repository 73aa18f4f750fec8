"""Decide, purely: what was told of a lead against where it stands now.

Hysteresis lies in the band (`rulebook.band` enters and leaves at different priorities). A crossing
inside its cooldown is held back, not forgotten: the state keeps what receivers believe, so the
first look after the cooldown tells them, if it is still true.

Building a signal's score and reasons takes contributions and a profile, which most leads of a batch
do not need. Ids depend on neither, so a caller may decide without them and decide again, with them,
for the few leads that have a signal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from core.clock import DAY, SECOND
from signals.making import Case, cause_of, make_signal
from signals.rescore import rescore_at
from signals.standing import Standing
from signals.types import (
    ACCOUNT_COOLED,
    COOLED,
    HOT,
    IDENTIFIED,
    LOST,
    MQA,
    SUPPRESSED,
    WON,
    About,
    AccountDecision,
    AccountState,
    BandState,
    ClosedDeal,
    Decision,
    NoSignal,
    Signal,
    Trigger,
)

if TYPE_CHECKING:
    from rules import Rulebook

SOURCE = "leadline/live"
_NOBODY = About()
_UNCHANGED = NoSignal("unchanged")


def decide(
    before: BandState | None,
    standing: Standing,
    trigger: Trigger,
    rulebook: Rulebook,
    now: int,
    *,
    about: About = _NOBODY,
    source: str = SOURCE,
    late_after: int = DAY,
) -> Decision:
    """The next state of a lead and its signals; the same arguments give the same ids.

    A trigger that occurred more than `late_after` microseconds before it was known tells nothing
    and leaves the state alone.
    """
    held = before or BandState(lead_id=standing.vector.lead_id)
    if trigger.at - trigger.occurred_at > late_after:
        return Decision(held, (NoSignal("late"),))
    case = Case(standing, trigger, about, now, source)
    crossed = _cross(held, case, rulebook)
    found = (*crossed.signals, *_asides(case))
    told = tuple(item for item in found if item is not _UNCHANGED)
    return Decision(_look_again(crossed, case), told or (_UNCHANGED,))


def _cross(held: BandState, case: Case, rulebook: Rulebook) -> Decision:
    """The crossing between what was told and what is true, unless its cooldown holds it back."""
    signal_type, rule, target = _crossing(held, case.standing)
    state = _moved(held, case)
    if signal_type is None:
        return Decision(msgspec.structs.replace(state, told=target), (_UNCHANGED,))
    until = _cooldown_end(held.sent, signal_type, rulebook)
    if case.now < until:
        return Decision(state, (NoSignal("cooldown", signal_type, until),))
    sent = {**held.sent, signal_type: case.now}
    signal = _lead_signal(case, signal_type, rule)
    return Decision(msgspec.structs.replace(state, told=target, sent=sent), (signal,))


def _crossing(held: BandState, standing: Standing) -> tuple[str | None, str, str | None]:
    """(signal type, deciding rule, what receivers believe from then on)."""
    if standing.report.suppressed:
        if held.told != "suppressed" and (held.told == "hot" or held.band in {"hot", "warm"}):
            return SUPPRESSED, next(iter(standing.report.by), "suppress"), "suppressed"
        return None, "", held.told
    if standing.band == "hot":
        return (None, "", "hot") if held.told == "hot" else (HOT, "band", "hot")
    return (COOLED, "band", None) if held.told == "hot" else (None, "", None)


def _moved(held: BandState, case: Case) -> BandState:
    band = case.standing.band
    return msgspec.structs.replace(
        held,
        band=band,
        priority=case.standing.priority,
        since=held.since if held.band == band else case.now,
    )


def _look_again(crossed: Decision, case: Case) -> BandState:
    """The state with its next look: when the band may fall, or when a cooldown ends."""
    due = rescore_at(case.standing.vector, case.standing.band, case.now)
    ends = [item.until for item in crossed.signals if isinstance(item, NoSignal) and item.until]
    nexts = [*ends, *([due] if due is not None else [])]
    return msgspec.structs.replace(crossed.state, rescore_at=min(nexts, default=None))


def _asides(case: Case) -> list[Signal]:
    """Signals that tell of an event, not of a crossing; they have no cooldown."""
    found = [_outcome_signal(case, deal) for deal in case.trigger.closed]
    if case.trigger.identified:
        found.append(_lead_signal(case, IDENTIFIED, "identified"))
    return found


def _lead_signal(case: Case, signal_type: str, rule: str) -> Signal:
    lead_id = case.standing.vector.lead_id
    return make_signal(case, signal_type, f"lead/{lead_id}", rule, cause_of(case.trigger))


def _outcome_signal(case: Case, deal: ClosedDeal) -> Signal:
    signal_type = WON if deal.won else LOST
    subject = f"lead/{case.standing.vector.lead_id}"
    extra = {"deal": {"id": deal.deal_id, "won": deal.won, "value": deal.value}}
    return make_signal(case, signal_type, subject, deal.deal_id, deal.message_id, extra)


def decide_account(
    before: AccountState | None,
    standing: Standing,
    trigger: Trigger,
    rulebook: Rulebook,
    now: int,
    *,
    about: About = _NOBODY,
    source: str = SOURCE,
    late_after: int = DAY,
) -> AccountDecision | None:
    """The same for the lead's account, which qualifies by the interest of several people.

    None for a lead without an account. With several leads of one account in a batch, pass the
    state of one decision on to the next.
    """
    account_id = standing.vector.account_id
    if account_id is None:
        return None
    held = before or AccountState(account_id=account_id)
    if trigger.at - trigger.occurred_at > late_after:
        return AccountDecision(held, NoSignal("late"))
    mqa = standing.report.mqa
    if mqa == held.told:
        return AccountDecision(held, _UNCHANGED)
    signal_type = MQA if mqa else ACCOUNT_COOLED
    until = _cooldown_end(held.sent, signal_type, rulebook)
    if now < until:
        return AccountDecision(held, NoSignal("cooldown", signal_type, until))
    case = Case(standing, trigger, about, now, source)
    signal = make_signal(case, signal_type, f"account/{account_id}", "mqa", cause_of(trigger))
    sent = {**held.sent, signal_type: now}
    return AccountDecision(msgspec.structs.replace(held, told=mqa, sent=sent), signal)


def _cooldown_end(sent: dict[str, int], signal_type: str, rulebook: Rulebook) -> int:
    last = sent.get(signal_type)
    return 0 if last is None else last + rulebook.cooldown_s(signal_type) * SECOND
