"""A seeded stream of Segment calls: people of companies who visit, are called, open deals."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from core.clock import DAY, to_iso

SPAN = 90 * DAY
PEOPLE_A_COMPANY = 3
_PATHS = ("/", "/product", "/blog", "/customers", "/pricing", "/pricing/plans", "/demo")
_TOUCHES = ("Email Sent", "Email Opened", "Email Clicked", "Content Downloaded", "Webinar Attended")
_ACTIVITIES = ("Sales Email Logged", "Sales Call Logged", "Meeting Logged")
_OUTCOMES = ("connected", "no_answer", "left_voicemail", "meeting_set")

Fields = dict[str, Any]
Maker = Callable[[random.Random, int, int], Fields]
"""(dice, person's number, moment) → the fields of a call that are its own."""


def history(seed: int, people: int, calls_each: int, until: int) -> list[bytes]:
    """Each person's introductions and `calls_each` calls, over the 90 days before `until`
    (microseconds, UTC), in the order of time. Equal arguments give equal bytes.
    """
    dice = random.Random(seed)
    calls: list[tuple[int, bytes]] = []
    for who in range(people):
        first = until - dice.randrange(30 * DAY, SPAN)
        told = _introductions(dice, who)
        calls.extend((first, _call(dice, who, first, fields)) for fields in told)
        for _ in range(calls_each):
            at = dice.randrange(first, until)
            calls.append((at, _call(dice, who, at, _any(dice)(dice, who, at))))
    calls.sort(key=lambda call: call[0])
    return [body for _, body in calls]


def visits(seed: int, people: int, count: int, at: int) -> list[bytes]:
    """Page views of now by people whom `history` introduced."""
    dice = random.Random(seed)
    crowd = [dice.randrange(people) for _ in range(count)]
    return [_call(dice, who, at, _page(dice, who, at)) for who in crowd]


def email_of(who: int) -> str:
    return f"person{who}@company{who // PEOPLE_A_COMPANY}.example"


def user_of(who: int) -> str:
    return f"user-{who}"


def _call(dice: random.Random, who: int, at: int, fields: Fields) -> bytes:
    known = {"userId": user_of(who), "anonymousId": f"device-{who}"}
    sent = {"messageId": f"{dice.getrandbits(96):024x}", "timestamp": to_iso(at)}
    return msgspec.json.encode({**fields, **known, **sent})


def _introductions(dice: random.Random, who: int) -> list[Fields]:
    company = who // PEOPLE_A_COMPANY
    person = {"email": email_of(who), "first_name": f"Given{who}", "title": "Head of Finance"}
    person |= {"seniority": dice.choice(("manager", "director", "vp")), "role": "vp_finance"}
    firm = {"name": f"Company {company}", "domain": f"company{company}.example"}
    firm |= {"industry": dice.choice(("logistics", "retail")), "employee_band": "200-999"}
    crm = {"id": f"crm-{who}", "type": "crm_lead_id", "collection": "users", "encoding": "none"}
    source = {"source": dice.choice(("search", "partner")), "channel": "web", "owner": "rep-1"}
    return [
        {"type": "identify", "traits": person},
        {"type": "group", "groupId": f"firm-{company}", "traits": firm},
        _track("Lead Created", source) | {"context": {"externalIds": [crm]}},
    ]


def _any(dice: random.Random) -> Maker:
    """Shares as in the demo's world: half page views, then activities, touches, deals."""
    return dice.choices((_page, _activity, _touch, _deal), (50, 27, 21, 2))[0]


def _track(event: str, properties: Fields) -> Fields:
    return {"type": "track", "event": event, "properties": properties}


def _page(dice: random.Random, who: int, at: int) -> Fields:
    session = f"session-{who}-{at // DAY}"
    seen = {"path": dice.choice(_PATHS), "session_id": session, "duration_s": dice.randrange(120)}
    return {"type": "page", "properties": seen}


def _activity(dice: random.Random, _who: int, _at: int) -> Fields:
    told = {"outcome": dice.choice(_OUTCOMES), "rep_id": f"rep-{dice.randrange(9)}"}
    return _track(dice.choice(_ACTIVITIES), told)


def _touch(dice: random.Random, _who: int, _at: int) -> Fields:
    told = {"direction": dice.choice(("inbound", "outbound")), "channel": "email"}
    return _track(dice.choice(_TOUCHES), told)


def _deal(dice: random.Random, who: int, at: int) -> Fields:
    told = {"opportunity_id": f"deal-{who}-{at}", "value": dice.randrange(1_000, 90_000)}
    return _track("Opportunity Created", told)
