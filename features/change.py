"""What one event changes in the tiles of its lead and of its account."""

from __future__ import annotations

import zlib

import msgspec

from core.clock import DAY, HOUR
from events.types import EnrichedEvent
from features.cells import Coded, Sums, coded
from features.definitions import FEATURES, Entity, Kind, kept_for
from features.measures import (
    ACTIVE_PEOPLE,
    ATTRIBUTES,
    BY_EVENT,
    BY_NAME,
    DEALS,
    FIRST_STANDS,
    PEAKS,
    SESSIONS,
    Distinct,
)
from features.tiles import Deal, Tiles, begin_day, begin_hour, keep_day, keep_hour, sums_of

ENGAGED = BY_NAME["engagements"].number
_EVER = kept_for(Kind.COUNT, ever=True)
_FIRSTS = kept_for(Kind.AGE)
_LASTS = kept_for(Kind.SINCE) | {ENGAGED}
"""Measures of which totals, first and last times are kept: only those that a feature reads. All of
them would make half of a lead's bytes."""
ACCOUNT_VISITS = any(
    (one.entity, one.kind, one.of) == (Entity.ACCOUNT, Kind.DISTINCT, SESSIONS.name)
    for one in FEATURES
)
"""Whether accounts keep visits: only if a feature counts them, for they would be many bytes."""
_ATTRIBUTE = {name: at for at, name in enumerate(ATTRIBUTES)}
_RANK = (_ATTRIBUTE["role"], _ATTRIBUTE["seniority"])
_FIRST = frozenset(_ATTRIBUTE[name] for name in FIRST_STANDS)


class Change(msgspec.Struct):
    """What one event adds to the tiles of its lead and of its account."""

    at: int
    sums: dict[int, int]
    coded: Coded
    """The same as it is written where nothing was counted before: lead and account, hour and day
    often are four such places."""
    session: int | None
    engaged: bool
    person: dict[str, str]
    company: dict[str, str]
    deal: tuple[int, Deal] | None


def key_of(text: str) -> int:
    """A 32-bit key for a distinct value: two values of one entity collide once in billions."""
    return zlib.crc32(text.encode())


def change_of(enriched: EnrichedEvent) -> Change:
    """Reads an event once, for lead and account both."""
    event = enriched.matched.event
    sums = {
        measure.number: amount
        for measure in BY_EVENT.get(event.name, ())
        if (amount := measure.amount(event))
    }
    return Change(
        at=event.occurred_at,
        sums=sums,
        coded=coded(sums),
        session=key_of(event.session_id) if event.session_id else None,
        engaged=ENGAGED in sums,
        person=enriched.person,
        company=enriched.company,
        deal=_deal_of(enriched),
    )


def _deal_of(enriched: EnrichedEvent) -> tuple[int, Deal] | None:
    event = enriched.matched.event
    name = event.properties.get("opportunity_id")
    if name is None or event.name not in {"opportunity_created", "opportunity_closed"}:
        return None
    value = event.properties.get("value")
    deal = Deal(value=float(value) if isinstance(value, int | float) else None)
    if event.name == "opportunity_created":
        deal.opened_at = event.occurred_at
    else:
        deal.closed_at = event.occurred_at
    return key_of(str(name)), deal


def update_lead(tiles: Tiles, change: Change) -> None:
    _add_sums(tiles, change)
    if change.session is not None:
        see(tiles, SESSIONS, change.session, change.at // HOUR)
    _say(tiles, change.person, change.at)
    if change.deal is not None:
        join_deal(tiles, *change.deal)


def update_account(tiles: Tiles, change: Change, lead_id: str, lead: Tiles) -> None:
    """`lead` is the person's own tiles, this event already counted."""
    _add_sums(tiles, change)
    if change.session is not None and ACCOUNT_VISITS:
        see(tiles, SESSIONS, change.session, change.at // HOUR)
    if change.engaged:
        see(tiles, ACTIVE_PEOPLE, key_of(lead_id), change.at // HOUR)
    if change.engaged or change.person:
        introduce(tiles, lead, lead_id)
    _say(tiles, change.company, change.at)
    if change.deal is not None:
        join_deal(tiles, *change.deal)


def _add_sums(tiles: Tiles, change: Change) -> None:
    if not change.sums:
        return
    at = change.at
    hour, day = at // HOUR, at // DAY
    if hour in tiles.hours:
        keep_hour(tiles, hour, _added(sums_of(tiles.hours, hour), change.sums))
    else:
        begin_hour(tiles, hour, change.coded)
    if day in tiles.days:
        keep_day(tiles, day, _added(sums_of(tiles.days, day), change.sums))
    else:
        begin_day(tiles, day, change.coded)
    ever, first, last = tiles.ever, tiles.first, tiles.last
    for number, amount in change.sums.items():
        if number in _EVER:
            ever[number] = ever.get(number, 0) + amount
        if number in _FIRSTS and (number not in first or at < first[number]):
            first[number] = at
        if number in _LASTS and at > last.get(number, -1):
            last[number] = at


def _added(sums: Sums, told: Sums) -> Sums:
    for number, amount in told.items():
        if number in PEAKS:
            sums[number] = PEAKS[number](amount, sums.get(number, amount))
        else:
            sums[number] = sums.get(number, 0) + amount
    return sums


def see(tiles: Tiles, distinct: Distinct, key: int, hour: int) -> None:
    """Beyond the cap the key that was seen longest ago goes; of those of one hour the smallest."""
    keys = tiles.sessions if distinct is SESSIONS else tiles.active
    if hour > keys.get(key, -1):
        keys[key] = hour
    if len(keys) > distinct.cap:
        oldest = min(keys, key=lambda seen: (keys[seen], seen))
        del keys[oldest]
        if distinct is ACTIVE_PEOPLE:
            tiles.people.pop(oldest, None)
        tiles.capped |= 1 << distinct.number


def _say(tiles: Tiles, words: dict[str, str], at: int) -> None:
    for name, word in words.items():
        number = _ATTRIBUTE.get(name)
        if number is not None:
            say_one(tiles, number, word, at)


def say_one(tiles: Tiles, number: int, word: str, at: int) -> None:
    held = tiles.words.get(number)
    stands = held is None or (at < held[1] if number in _FIRST else at >= held[1])
    if stands:
        tiles.words[number] = (word, at)


def join_deal(tiles: Tiles, key: int, deal: Deal) -> None:
    """Beyond the cap a deal goes. The tiles say so, unless it had opened and closed: then no value
    misses it. Closed ones are not dropped before, for the opening may be known of another lead who
    turns out to be the same person: it would open the deal again.
    """
    held = tiles.deals.setdefault(key, Deal())
    if deal.opened_at is not None:
        held.opened_at = deal.opened_at
    if deal.closed_at is not None:
        held.closed_at = deal.closed_at
    if deal.value is not None:
        held.value = deal.value
    if len(tiles.deals) > DEALS.cap:
        gone = tiles.deals.pop(
            min(tiles.deals, key=lambda key: _worth_keeping(key, tiles.deals[key]))
        )
        if gone.closed_at is None or gone.opened_at is None:
            tiles.capped |= 1 << DEALS.number


def _worth_keeping(key: int, deal: Deal) -> tuple[bool, int, int]:
    """Closed deals go first, those that closed first before others; of open ones the oldest. The
    key decides between equals, so that order of arrival does not.
    """
    since = deal.opened_at if deal.closed_at is None else deal.closed_at
    return deal.closed_at is None, since or 0, key


def introduce(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Keeps who an active person is, by what is known of them now."""
    key = key_of(lead_id)
    if key in account.active:
        role, seniority = (lead.words.get(number) for number in _RANK)
        account.people[key] = (role and role[0], seniority and seniority[0])
