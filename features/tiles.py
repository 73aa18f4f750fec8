"""Tiles: the counts of one entity per hour and per day of occurrence. What both stores hold.

A tile row is cumulative: it says all that was known of the entity when it was written. Hours are
kept for windows of up to 2 days, days for up to 90; what is older lives on in `ever`.
"""

from __future__ import annotations

import zlib

import msgspec

from core.clock import DAY, HOUR
from events.types import EnrichedEvent
from features.definitions import Kind, kept_for
from features.measures import (
    ACTIVE_PEOPLE,
    ATTRIBUTES,
    BY_EVENT,
    BY_NAME,
    DISTINCTS,
    FIRST_STANDS,
    PEAKS,
    SESSIONS,
)

KEEP_HOURS = 2 * 24 + 1
KEEP_DAYS = 90 + 1
DEALS_CAP = 64
_ENGAGED = BY_NAME["engagements"].number
_EVER = kept_for(Kind.COUNT, ever=True)
_FIRSTS = kept_for(Kind.AGE)
_LASTS = kept_for(Kind.SINCE) | {_ENGAGED}
"""Measures of which totals, first and last times are kept: only those that a feature reads. All of
them would make half of a lead's bytes."""
_ATTRIBUTE = {name: at for at, name in enumerate(ATTRIBUTES)}
_RANK = (_ATTRIBUTE["role"], _ATTRIBUTE["seniority"])
_FIRST = frozenset(_ATTRIBUTE[name] for name in FIRST_STANDS)
_CAP = {distinct.number: distinct.cap for distinct in DISTINCTS}

Sums = dict[int, int]
"""Measure number → sum."""


class Deal(msgspec.Struct, array_like=True):
    """One opportunity, as far as known. Times by occurrence; value in the currency it came in."""

    opened_at: int | None = None
    closed_at: int | None = None
    value: float | None = None


class Tiles(msgspec.Struct, array_like=True):
    hours: dict[int, Sums] = {}
    """Hour since the epoch → sums."""
    days: dict[int, Sums] = {}
    ever: Sums = {}
    first: dict[int, int] = {}
    """Measure → occurrence of its first event; `last` the same."""
    last: dict[int, int] = {}
    seen: dict[int, dict[int, int]] = {}
    """Distinct → key → last occurrence."""
    words: dict[int, tuple[str, int]] = {}
    """Attribute → (word, when it was said)."""
    deals: dict[int, Deal] = {}
    capped: int = 0
    """Bit set of distincts whose cap was reached: their counts are lower bounds."""
    people: dict[int, tuple[str | None, str | None]] = {}
    """Of an account's active people: key → (role, seniority), as far as known."""


class Change(msgspec.Struct):
    """What one event adds to the tiles of its lead and of its account."""

    at: int
    sums: list[tuple[int, int]]
    session: int | None
    engaged: bool
    person: dict[str, str]
    company: dict[str, str]
    deal: tuple[int, Deal] | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Tiles).decode


def encode(tiles: Tiles) -> bytes:
    return _encode(tiles)


def decode(blob: bytes) -> Tiles:
    """Raises msgspec.DecodeError on bytes that are no tiles."""
    return _decode(blob) if blob else Tiles()


def key_of(text: str) -> int:
    """A 32-bit key for a distinct value: two values of one entity collide once in billions."""
    return zlib.crc32(text.encode())


def change_of(enriched: EnrichedEvent) -> Change:
    """Reads an event once, for lead and account both."""
    event = enriched.matched.event
    sums = [
        (measure.number, amount)
        for measure in BY_EVENT.get(event.name, ())
        if (amount := measure.amount(event))
    ]
    return Change(
        at=event.occurred_at,
        sums=sums,
        session=key_of(event.session_id) if event.session_id else None,
        engaged=any(number == _ENGAGED for number, _ in sums),
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
        _see(tiles, SESSIONS.number, change.session, change.at)
    _say(tiles, change.person, change.at)
    if change.deal is not None:
        _join_deal(tiles, *change.deal)


def update_account(tiles: Tiles, change: Change, lead_id: str, lead: Tiles) -> None:
    """`lead` is the person's own tiles, this event already counted."""
    _add_sums(tiles, change)
    if change.session is not None:
        _see(tiles, SESSIONS.number, change.session, change.at)
    if change.engaged:
        _see(tiles, ACTIVE_PEOPLE.number, key_of(lead_id), change.at)
    if change.engaged or change.person:
        _introduce(tiles, lead, lead_id)
    _say(tiles, change.company, change.at)
    if change.deal is not None:
        _join_deal(tiles, *change.deal)


def _add_sums(tiles: Tiles, change: Change) -> None:
    if not change.sums:
        return
    at = change.at
    hour = tiles.hours.setdefault(at // HOUR, {})
    day = tiles.days.setdefault(at // DAY, {})
    ever, first, last = tiles.ever, tiles.first, tiles.last
    for number, amount in change.sums:
        if number in PEAKS:
            for slot in (hour, day):
                slot[number] = PEAKS[number](amount, slot.get(number, amount))
        else:
            hour[number] = hour.get(number, 0) + amount
            day[number] = day.get(number, 0) + amount
        if number in _EVER:
            ever[number] = ever.get(number, 0) + amount
        if number in _FIRSTS and (number not in first or at < first[number]):
            first[number] = at
        if number in _LASTS and at > last.get(number, -1):
            last[number] = at


def _see(tiles: Tiles, number: int, key: int, at: int) -> None:
    keys = tiles.seen.setdefault(number, {})
    if at > keys.get(key, -1):
        keys[key] = at
    if len(keys) > _CAP[number]:
        del keys[min(keys, key=lambda seen: (keys[seen], seen))]
        tiles.capped |= 1 << number


def _say(tiles: Tiles, words: dict[str, str], at: int) -> None:
    for name, word in words.items():
        number = _ATTRIBUTE.get(name)
        if number is not None:
            _say_one(tiles, number, word, at)


def _say_one(tiles: Tiles, number: int, word: str, at: int) -> None:
    held = tiles.words.get(number)
    stands = held is None or (at < held[1] if number in _FIRST else at >= held[1])
    if stands:
        tiles.words[number] = (word, at)


def _join_deal(tiles: Tiles, key: int, deal: Deal) -> None:
    held = tiles.deals.setdefault(key, Deal())
    if deal.opened_at is not None:
        held.opened_at = deal.opened_at
    if deal.closed_at is not None:
        held.closed_at = deal.closed_at
    if deal.value is not None:
        held.value = deal.value
    if len(tiles.deals) > DEALS_CAP:
        oldest = min(tiles.deals, key=lambda key: (tiles.deals[key].closed_at or DAY * 10**6, key))
        del tiles.deals[oldest]


def merge(into: Tiles, other: Tiles) -> None:
    """Adds the tiles of another entity: of the lead that turned out to be the same person."""
    for here, there in ((into.hours, other.hours), (into.days, other.days)):
        for slot, sums in there.items():
            add(here.setdefault(slot, {}), sums)
    add(into.ever, other.ever)
    for number, at in other.first.items():
        into.first[number] = min(at, into.first.get(number, at))
    for number, at in other.last.items():
        into.last[number] = max(at, into.last.get(number, at))
    for number, keys in other.seen.items():
        for key, at in keys.items():
            _see(into, number, key, at)
    for number, (word, at) in other.words.items():
        _say_one(into, number, word, at)
    for key, deal in other.deals.items():
        _join_deal(into, key, deal)
    into.capped |= other.capped


def join_account(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Adds a lead's history to an account: it came to belong there."""
    history = decode(encode(lead))
    history.words, history.people = {}, {}
    history.seen = {SESSIONS.number: history.seen.get(SESSIONS.number, {})}
    merge(account, history)
    see_active(account, lead, lead_id)


def see_active(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Counts a lead among the active people, as of its last own deed."""
    if _ENGAGED in lead.last:
        _see(account, ACTIVE_PEOPLE.number, key_of(lead_id), lead.last[_ENGAGED])
        _introduce(account, lead, lead_id)


def _introduce(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Keeps who an active person is, by what is known of them now."""
    key = key_of(lead_id)
    if key in account.seen.get(ACTIVE_PEOPLE.number, ()):
        role, seniority = (lead.words.get(number) for number in _RANK)
        account.people[key] = (role and role[0], seniority and seniority[0])


def forget_person(account: Tiles, lead_id: str) -> None:
    """Takes an absorbed lead out of the active people; its survivor stands for it."""
    account.seen.get(ACTIVE_PEOPLE.number, {}).pop(key_of(lead_id), None)
    account.people.pop(key_of(lead_id), None)


def add(here: Sums, there: Sums) -> None:
    """Takes up another slot's amounts: sums are added, of peaks the higher or lower stands."""
    for number, amount in there.items():
        if number not in here:
            here[number] = amount
        elif number in PEAKS:
            here[number] = PEAKS[number](amount, here[number])
        else:
            here[number] += amount


def prune(tiles: Tiles, known_at: int) -> None:
    """Drops tiles that no window asked at or after `known_at` can reach."""
    hour = known_at // HOUR - KEEP_HOURS
    day = known_at // DAY - KEEP_DAYS
    for slots, oldest in ((tiles.hours, hour), (tiles.days, day)):
        if slots and min(slots) < oldest:
            for slot in [slot for slot in slots if slot < oldest]:
                del slots[slot]
    for keys in tiles.seen.values():
        if keys and min(keys.values()) < day * DAY:
            for key in [key for key, at in keys.items() if at < day * DAY]:
                del keys[key]
                tiles.people.pop(key, None)
