"""Random streams of messages: late ones, repeated ones, people who name themselves, companies."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from tests.parity.brute import Known, Message

PEOPLE = 10
START = dt.datetime(2026, 1, 27, 22, 0, tzinfo=dt.UTC)
"""Close to a day's, and soon a month's, border."""


class Person:
    """Several devices, a user id, an email; a deal now and then."""

    def __init__(self, number: int, company: int | None) -> None:
        self.number = number
        self.company = company
        self.devices = [f"anon-{number}-{device}" for device in range(3)]
        self.user_id = f"user-{number}"
        self.email = f"p{number}@firm{company}.example" if company is not None else None
        self.deal: str | None = None


def stream(seed: int, people: int = PEOPLE, companies: int = 3, steps: int = 900) -> list[Known]:
    """Messages in the order in which they become known, over some 100 days. Known times differ."""
    dice = random.Random(seed)
    crowd = [Person(n, dice.choice([None, *range(companies)])) for n in range(people)]
    now = START
    told: list[Known] = []
    for step in range(steps):
        now += dt.timedelta(seconds=dice.choice([1, 40, 900, 3_600, 9_000, 40_000]), microseconds=1)
        message = _message(dice, dice.choice(crowd), step, now)
        late = dice.random() < 0.15
        occurred = now - _lateness(dice) if late else now
        message["timestamp"] = occurred.isoformat()
        if told and dice.random() < 0.03:
            again = dice.choice(told)
            told.append(Known(now, again.occurred, again.message))
            now += dt.timedelta(microseconds=1)
        told.append(Known(now, occurred, message))
    return told


def _lateness(dice: random.Random) -> dt.timedelta:
    return dt.timedelta(hours=dice.choice([1, 5, 30, 100, 800, 2_000]), seconds=dice.random() * 3e3)


def _message(dice: random.Random, who: Person, step: int, now: dt.datetime) -> Message:
    device = dice.choice(who.devices)
    named = dice.random() < 0.4
    ids: Message = {"userId": who.user_id} if named else {"anonymousId": device}
    base: Message = {"messageId": f"m-{step}", **ids}
    kind = dice.random()
    if kind < 0.5:
        return {**base, "type": "page", "properties": _page(dice, who, now)}
    if kind < 0.62:
        traits: dict[str, Any] = {
            "title": dice.choice(["CTO", "CFO", "Head of IT"]),
            "role": dice.choice(["it", "finance"]),
            "seniority": dice.choice(["vp", "manager", "director"]),
        }
        if who.email:
            traits["email"] = who.email
        ids = {"userId": who.user_id, "anonymousId": device}
        return {"messageId": f"m-{step}", **ids, "type": "identify", "traits": traits}
    if kind < 0.72 and who.company is not None:
        traits = {"industry": dice.choice(["logistics", "retail"]), "name": f"Firm {who.company}"}
        group = {"type": "group", "groupId": f"g-{who.company}", "traits": traits}
        return {"messageId": f"m-{step}", "userId": who.user_id, **group}
    if kind < 0.8:
        return {**base, "type": "track", **_deal(dice, who, step)}
    event = dice.choice(["Form Submitted", "Content Downloaded", "Email Clicked", "Meeting Logged"])
    return {**base, "type": "track", "event": event, "properties": {}}


def _page(dice: random.Random, who: Person, now: dt.datetime) -> Message:
    return {
        "path": dice.choice(["/", "/pricing", "/pricing/plans", "/demo", "/blog"]),
        "session_id": f"s-{who.number}-{now:%Y%m%d}",
        "duration_s": dice.randrange(120),
    }


def _deal(dice: random.Random, who: Person, step: int) -> Message:
    if who.deal is None:
        who.deal = f"deal-{step}"
        value = dice.randrange(1_000, 90_000)
        properties = {"opportunity_id": who.deal, "value": value}
        return {"event": "Opportunity Created", "properties": properties}
    properties = {"opportunity_id": who.deal, "outcome": dice.choice(["won", "lost"])}
    who.deal = None
    return {"event": "Opportunity Closed", "properties": properties}
