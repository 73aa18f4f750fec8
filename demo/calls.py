"""The world's tables as Segment-shaped calls, each at its own moment.

A lead's first calls are the CRM's `Lead Created`, then `identify` and `group` with what is known of
person and company. Then sessions become page views, touches and sales activities become events,
and deals open and close.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from demo.moments import Slot, draw, iso, moment
from demo.people import Company, Person, companies, person
from demo.world import World

ANONYMOUS_PERCENT = 30
"""So many of a hundred sessions are not signed in."""

_TOUCH = {
    "content_download": "Content Downloaded",
    "webinar": "Webinar Attended",
    "call": "Call Touched",
    "linkedin_message": "LinkedIn Messaged",
}
_ACTIVITY = {
    "email": "Sales Email Logged",
    "call": "Sales Call Logged",
    "meeting": "Meeting Logged",
    "demo": "Demo Logged",
}
_OTHER_PAGES = ("/", "/product", "/customers", "/integrations", "/security", "/blog", "/about")
_ENTRY = {"pricing_page": "pricing", "demo_page": "demo", "website": "search"}
_SITE = "https://www.procura.example"

Fields = dict[str, Any]


class Call(NamedTuple):
    """One call, ready to be posted. Sorts by time, then in the order it was made."""

    at_ms: int
    order: int
    body: bytes


class Known(NamedTuple):
    """A lead of the world, as it is known here."""

    lead: Fields
    contact: Fields
    company: Company
    person: Person
    created_ms: int


def calls(world: World) -> list[Call]:
    """All calls of the world in the order of time; deterministic, byte for byte."""
    known = knowns(world)
    encode = msgspec.json.Encoder().encode
    parts = (
        _introductions(world, known),
        _page_views(world, known),
        _touches(world, known),
        _activities(world, known),
        _deals(world, known),
    )
    made: list[Call] = []
    for part in parts:
        for at_ms, key, fields in part:
            drawn = draw(world.seed, "message", key), draw(world.seed, "message again", key)
            fields["messageId"] = f"{drawn[0]:016x}{drawn[1]:016x}"
            fields["timestamp"] = iso(at_ms)
            made.append(Call(at_ms, len(made), encode(fields)))
    made.sort()
    return made


def page_view_count(world: World) -> int:
    """Page views of all sessions: how many `page` calls there must be."""
    return sum(_pages_of(session)[0] for session in world.rows("sessions"))


def knowns(world: World) -> dict[str, Known]:
    """Lead id → who it is here, in the order of creation."""
    contacts = {row["contact_id"]: row for row in world.rows("contacts")}
    firms = companies(world.seed, world.rows("accounts"))
    found = []
    for lead in world.rows("leads"):
        contact, firm = contacts[lead["contact_id"]], firms[lead["account_id"]]
        key = lead["lead_id"]
        who = person(world.seed, key, lead["contact_id"], contact["email_domain_type"], firm)
        day = world.day(lead["lead_created_at"])
        found.append(Known(lead, contact, firm, who, moment(world.seed, day, Slot.CREATED, key)))
    found.sort(key=lambda known: known.created_ms)
    return {known.lead["lead_id"]: known for known in found}


Timed = Iterator[tuple[int, str, Fields]]
"""Moment in milliseconds, what the message id is drawn from, the call without id and time."""


def _track(user_id: str, event: str, properties: Fields) -> Fields:
    return {"type": "track", "event": event, "userId": user_id, "properties": properties}


def _introductions(world: World, known: dict[str, Known]) -> Timed:
    accounts = {row["account_id"]: row for row in world.rows("accounts")}
    introduced: set[str] = set()
    for key, who in known.items():
        yield who.created_ms, f"created/{key}", _lead_created(who)
        yield who.created_ms + 1_000, f"identify/{key}", _identify(who)
        group: Fields = {
            "type": "group",
            "userId": who.person.user_id,
            "groupId": who.company.group_id,
        }
        account_id = who.lead["account_id"]
        if account_id not in introduced:
            introduced.add(account_id)
            group["traits"] = company_traits(who.company, accounts[account_id])
        yield who.created_ms + 2_000, f"group/{key}", group


def _lead_created(who: Known) -> Fields:
    call = _track(
        who.person.user_id,
        "Lead Created",
        {
            "source": who.lead["lead_source"],
            "channel": who.lead["first_touch_channel"],
            "owner": rep(who.lead["owner_rep_id"]),
        },
    )
    # The CRM's id is the one id of the world that is posted: the split is joined over it.
    external = {"id": who.lead["lead_id"], "type": "crm_lead_id"}
    call["context"] = {"externalIds": [external | {"collection": "users", "encoding": "none"}]}
    return call


def rep(rep_id: str) -> str:
    """`rep_000007` → `rep-7`."""
    return f"rep-{int(rep_id.rpartition('_')[2])}"


def _identify(who: Known) -> Fields:
    traits = {
        "first_name": who.person.first_name,
        "last_name": who.person.last_name,
        "title": who.contact["job_title"],
        "seniority": who.contact["seniority"],
        "role": who.contact["role_function"],
        "buyer_role": who.contact["buyer_role"],
    }
    if who.person.email:
        traits["email"] = who.person.email
    return {"type": "identify", "userId": who.person.user_id, "traits": traits}


def company_traits(company: Company, account: Fields) -> Fields:
    return {
        "name": company.name,
        "domain": company.domain,
        "industry": account["industry"],
        "region": account["region"],
        "employee_band": account["employee_band"],
        "revenue_band": account["estimated_revenue_band"],
        "process_maturity": account["process_maturity_band"],
    }


def _page_views(world: World, known: dict[str, Known]) -> Timed:
    """Sessions in the order of time, so that a device is linked by its first identify only."""
    started = []
    for session in world.rows("sessions"):
        day, key = world.day(session["session_timestamp"]), session["session_id"]
        started.append((moment(world.seed, day, Slot.HAPPENED, key), key, session))
    linked: set[str] = set()
    for start_ms, key, session in sorted(started, key=lambda item: item[:2]):
        who = known[session["lead_id"]].person
        drawn = draw(world.seed, "session", key)
        device = who.devices[drawn % len(who.devices)]
        ids = {"anonymousId": device}
        anonymous = drawn // 7 % 100 < ANONYMOUS_PERCENT
        if not anonymous:
            ids["userId"] = who.user_id
        yield from _views(session, f"{drawn:016x}", ids, start_ms)
        if anonymous and device not in linked:
            end_ms = start_ms + session["session_duration_seconds"] * 1_000 + 5_000
            yield end_ms, f"sign-in/{key}", _sign_in(who, device)
        linked.add(device)


def _sign_in(who: Person, device: str) -> Fields:
    """After browsing unknown they sign in: this call alone joins the device to the person."""
    return {"type": "identify", "anonymousId": device, "userId": who.user_id, "traits": {}}


def _pages_of(session: Fields) -> tuple[int, int, int]:
    """How many views, how many of them pricing, how many demo.

    The world sometimes has more pricing and demo views than views: then these are all.
    """
    pricing, demo = session["pricing_page_views"], session["demo_page_views"]
    return max(session["page_views"], pricing + demo), pricing, demo


def _views(session: Fields, session_id: str, ids: Fields, start_ms: int) -> Timed:
    count, pricing, demo = _pages_of(session)
    others = [_OTHER_PAGES[at % len(_OTHER_PAGES)] for at in range(count - pricing - demo)]
    paths = [*others, *["/pricing"] * pricing, *["/demo"] * demo]
    each, left = divmod(session["session_duration_seconds"], count)
    at_ms = start_ms
    for at, path in enumerate(paths):
        seconds = each + (at < left)
        properties = {
            "path": path,
            "url": _SITE + path,
            "title": path.strip("/").title() or "Home",
            "referrer": _ENTRY.get(session["session_type"], "search") if at == 0 else "internal",
            "session_id": session_id,
            "duration_s": seconds,
        }
        yield (
            at_ms,
            f"{session['session_id']}/{at}",
            {"type": "page", **ids, "properties": properties},
        )
        at_ms += seconds * 1_000


def _touches(world: World, known: dict[str, Known]) -> Timed:
    for touch in world.rows("touches"):
        key, direction = touch["touch_id"], touch["touch_direction"]
        mail = "Email Clicked" if direction == "inbound" else "Email Sent"
        event = _TOUCH.get(touch["touch_type"], mail)
        properties = {"direction": direction, "channel": touch["touch_channel"]}
        day = world.day(touch["touch_timestamp"])
        user_id = known[touch["lead_id"]].person.user_id
        yield (moment(world.seed, day, Slot.HAPPENED, key), key, _track(user_id, event, properties))


def _activities(world: World, known: dict[str, Known]) -> Timed:
    for done in world.rows("sales_activities"):
        key = done["activity_id"]
        properties = {"outcome": done["activity_outcome"], "rep_id": rep(done["rep_id"])}
        day = world.day(done["activity_timestamp"])
        event = _ACTIVITY[done["activity_type"]]
        user_id = known[done["lead_id"]].person.user_id
        yield (moment(world.seed, day, Slot.HAPPENED, key), key, _track(user_id, event, properties))


def _deals(world: World, known: dict[str, Known]) -> Timed:
    for deal in world.rows("opportunities"):
        key = deal["opportunity_id"]
        user_id = known[deal["lead_id"]].person.user_id
        properties: Fields = {
            "opportunity_id": f"deal-{draw(world.seed, 'deal', key):016x}",
            "value": deal["estimated_acv"],
        }
        opened = moment(world.seed, world.day(deal["created_at"]), Slot.HAPPENED, key)
        yield opened, f"{key}/opened", _track(user_id, "Opportunity Created", properties)
        if deal["closed_at"]:
            outcome = {"closed_won": "won", "closed_lost": "lost"}[deal["close_outcome"]]
            ended = properties | {"outcome": outcome}
            closed = moment(world.seed, world.day(deal["closed_at"]), Slot.DEAL_CLOSED, key)
            yield closed, f"{key}/closed", _track(user_id, "Opportunity Closed", ended)
