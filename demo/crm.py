"""What the CRM and the sales team tell: who a lead is, and what was done about it."""

from __future__ import annotations

from demo.known import Fields, Known, Timed, track
from demo.moments import Slot, draw, moment
from demo.people import Company
from demo.world import World

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


def introductions(world: World, known: dict[str, Known]) -> Timed:
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
    call = track(
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


def touches(world: World, known: dict[str, Known]) -> Timed:
    for touch in world.rows("touches"):
        key, direction = touch["touch_id"], touch["touch_direction"]
        mail = "Email Clicked" if direction == "inbound" else "Email Sent"
        event = _TOUCH.get(touch["touch_type"], mail)
        properties = {"direction": direction, "channel": touch["touch_channel"]}
        day = world.day(touch["touch_timestamp"])
        user_id = known[touch["lead_id"]].person.user_id
        yield (moment(world.seed, day, Slot.HAPPENED, key), key, track(user_id, event, properties))


def activities(world: World, known: dict[str, Known]) -> Timed:
    for done in world.rows("sales_activities"):
        key = done["activity_id"]
        properties = {"outcome": done["activity_outcome"], "rep_id": rep(done["rep_id"])}
        day = world.day(done["activity_timestamp"])
        event = _ACTIVITY[done["activity_type"]]
        user_id = known[done["lead_id"]].person.user_id
        yield (moment(world.seed, day, Slot.HAPPENED, key), key, track(user_id, event, properties))


def deals(world: World, known: dict[str, Known]) -> Timed:
    for deal in world.rows("opportunities"):
        key = deal["opportunity_id"]
        user_id = known[deal["lead_id"]].person.user_id
        properties: Fields = {
            "opportunity_id": f"deal-{draw(world.seed, 'deal', key):016x}",
            "value": deal["estimated_acv"],
        }
        opened = moment(world.seed, world.day(deal["created_at"]), Slot.HAPPENED, key)
        yield opened, f"{key}/opened", track(user_id, "Opportunity Created", properties)
        if deal["closed_at"]:
            outcome = {"closed_won": "won", "closed_lost": "lost"}[deal["close_outcome"]]
            ended = properties | {"outcome": outcome}
            closed = moment(world.seed, world.day(deal["closed_at"]), Slot.DEAL_CLOSED, key)
            yield closed, f"{key}/closed", track(user_id, "Opportunity Closed", ended)
