"""Tiles of several entities become those of one: people who turn out to be one, and accounts."""

from __future__ import annotations

from core.clock import DAY, HOUR
from features.cells import add
from features.change import ACCOUNT_VISITS, ENGAGED, introduce, join_deal, key_of, say_one, see
from features.measures import ACTIVE_PEOPLE, SESSIONS
from features.tiles import DAY_HOURS, Tiles, keep_day, keep_hour, sums_of

KEEP_HOURS = 2 * 24 + 1
KEEP_DAYS = 90 + 1


def merge(into: Tiles, other: Tiles) -> None:
    """Adds the tiles of another lead, who turned out to be the same person."""
    _join_history(into, other)
    for key, hour in other.sessions.items():
        see(into, SESSIONS, key, hour)
    for number, (word, at) in other.words.items():
        say_one(into, number, word, at)
    into.capped |= other.capped


def _join_history(into: Tiles, other: Tiles) -> None:
    """What leads and accounts count alike."""
    for hour in other.hours:
        sums = sums_of(into.hours, hour)
        add(sums, sums_of(other.hours, hour))
        keep_hour(into, hour, sums)
    for day in other.days:
        sums = sums_of(into.days, day)
        add(sums, sums_of(other.days, day))
        keep_day(into, day, sums)
    add(into.ever, other.ever)
    for number, at in other.first.items():
        into.first[number] = min(at, into.first.get(number, at))
    for number, at in other.last.items():
        into.last[number] = max(at, into.last.get(number, at))
    for key, deal in other.deals.items():
        join_deal(into, key, deal)


def join_account(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Adds a lead's history to an account: it came to belong there."""
    _join_history(account, lead)
    if ACCOUNT_VISITS:
        for key, hour in lead.sessions.items():
            see(account, SESSIONS, key, hour)
    see_active(account, lead, lead_id)


def see_active(account: Tiles, lead: Tiles, lead_id: str) -> None:
    """Counts a lead among the active people, as of its last own deed."""
    if ENGAGED in lead.last:
        see(account, ACTIVE_PEOPLE, key_of(lead_id), lead.last[ENGAGED] // HOUR)
        introduce(account, lead, lead_id)


def forget_person(account: Tiles, lead_id: str) -> None:
    """Takes an absorbed lead out of the active people; its survivor stands for it."""
    account.active.pop(key_of(lead_id), None)
    account.people.pop(key_of(lead_id), None)


def prune(tiles: Tiles, known_at: int) -> None:
    """Drops tiles that no window asked at or after `known_at` can reach."""
    hour = known_at // HOUR - KEEP_HOURS
    day = known_at // DAY - KEEP_DAYS
    for slots, oldest in ((tiles.hours, hour), (tiles.days, day)):
        if next(iter(slots), oldest) < oldest:
            for slot in [slot for slot in slots if slot < oldest]:
                del slots[slot]
    for keys in (tiles.sessions, tiles.active):
        if keys and min(keys.values()) < day * DAY_HOURS:
            for key in [key for key, seen in keys.items() if seen < day * DAY_HOURS]:
                del keys[key]
                tiles.people.pop(key, None)
