"""The laws that the demo's world keeps, whatever the seed."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.clock import DAY, from_iso
from demo import world as worlds
from demo.calls import calls
from demo.known import knowns
from demo.pages import ANONYMOUS_PERCENT, page_view_count
from demo.world import World, day_of, digests, generate, read

NOW = from_iso("2026-11-23T14:00:00Z")
LEADS = 60

GOLDEN = {
    "accounts": "a1a136d7a02b1a31",
    "contacts": "2cc9e2bde0e420a6",
    "leads": "943a96030e602c47",
    "sessions": "c5c3487822756e46",
    "touches": "23cfd27af2694592",
    "sales_activities": "275a448f426b85aa",
    "opportunities": "2d0a036c47aa58cd",
}
"""Table → digest of a world of 60 leads, seed 7, intermediate, by leadforge 1.0.0."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("world")
    generate(made, 7, "intermediate", LEADS)
    return made


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    return read(folder, 7, NOW)


@pytest.fixture(scope="module")
def posted(world: World) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in calls(world)]


def of_lead(posted: list[dict[str, Any]], user_id: str) -> list[dict[str, Any]]:
    return [call for call in posted if call.get("userId") == user_id]


def test_the_package_still_makes_the_same_world(world: World) -> None:
    """Figures are compared from release to release: a changed world would change them silently."""
    assert digests(world) == GOLDEN


def test_the_same_seed_gives_the_same_bytes(folder: Path, world: World) -> None:
    """Message ids are the deduplication key: a demo posted twice must not count twice."""
    assert calls(read(folder, 7, NOW)) == calls(world)


def test_another_seed_is_other_people(folder: Path, world: World) -> None:
    """Two demos side by side must not share a user id or an email."""
    here = {known.person for known in knowns(world).values()}
    there = {known.person for known in knowns(read(folder, 8, NOW)).values()}
    assert not {who.user_id for who in here} & {who.user_id for who in there}
    assert not {who.email for who in here if who.email} & {who.email for who in there}


def test_the_last_dated_row_is_yesterday(world: World, posted: list[dict[str, Any]]) -> None:
    """The history ends yesterday: nothing of it lies in the future or on the live day."""
    last = max(from_iso(call["timestamp"]) for call in posted)
    assert last // DAY == NOW // DAY - 1


def test_calls_come_in_the_order_of_time(posted: list[dict[str, Any]]) -> None:
    """The historical door takes an event's own time as its arrival: order is part of the truth."""
    times = [call["timestamp"] for call in posted]
    assert times == sorted(times)


def test_every_row_keeps_its_day(world: World, posted: list[dict[str, Any]]) -> None:
    """Moments are spread over the day of the row, moved by one constant and nothing else."""
    days = Counter(world.day(row["touch_timestamp"]) for row in world.rows("touches"))
    touches = {"Email Sent", "Email Clicked", "Content Downloaded", "Webinar Attended",
               "Call Touched", "LinkedIn Messaged"}  # fmt: skip
    there = [call for call in posted if call.get("event") in touches]
    assert Counter(from_iso(call["timestamp"]) // DAY for call in there) == days


def test_message_ids_are_unique(posted: list[dict[str, Any]]) -> None:
    """Two calls with one id would be one event."""
    assert len({call["messageId"] for call in posted}) == len(posted)


def test_one_lead_is_one_person(world: World) -> None:
    """Leads of one contact share traits, never an identifier: joining them costs accuracy."""
    people = [known.person for known in knowns(world).values()]
    assert len({who.user_id for who in people}) == LEADS
    emails = [who.email for who in people if who.email]
    assert len(set(emails)) == len(emails)
    devices = [device for who in people for device in who.devices]
    assert len(set(devices)) == len(devices)


def test_emails_follow_the_kind_of_address(world: World) -> None:
    """Corporate addresses carry the company's domain, so that the account can be found by it."""
    for known in knowns(world).values():
        email = known.person.email
        match known.contact["email_domain_type"]:
            case "corporate":
                assert email is not None
                assert email.endswith("@" + known.company.domain)
            case "personal":
                assert email is not None
                assert not email.endswith(".example")
            case _:
                assert email is None


def test_no_two_companies_share_a_domain(world: World) -> None:
    """The domain is how an email finds its account."""
    companies = {known.company for known in knowns(world).values()}
    assert len({company.domain for company in companies}) == len(companies)
    assert len({company.group_id for company in companies}) == len(companies)


def test_nothing_happens_to_a_lead_before_the_crm_opens_it(
    world: World, posted: list[dict[str, Any]]
) -> None:
    """Moments of prediction are counted from the creation; facts follow at once."""
    for known in knowns(world).values():
        first = of_lead(posted, known.person.user_id)[:3]
        told = [call.get("event") or call["type"] for call in first]
        assert told == ["Lead Created", "identify", "group"]
        devices = set(known.person.devices)
        browsed = [call for call in posted if call.get("anonymousId") in devices]
        assert all(call["timestamp"] > first[0]["timestamp"] for call in browsed)


def test_a_deal_closes_after_it_opened(posted: list[dict[str, Any]]) -> None:
    """Some deals of the world open and close on one day: the order inside it must hold."""
    opened: dict[str, str] = {}
    closed = 0
    for call in posted:
        if call.get("event") == "Opportunity Created":
            opened[call["properties"]["opportunity_id"]] = call["timestamp"]
        if call.get("event") == "Opportunity Closed":
            closed += 1
            assert opened[call["properties"]["opportunity_id"]] < call["timestamp"]
            assert call["properties"]["outcome"] in {"won", "lost"}
    assert closed


def test_every_session_becomes_its_page_views(world: World, posted: list[dict[str, Any]]) -> None:
    """The demo checks a count of page views end to end; durations feed a feature."""
    pages = [call for call in posted if call["type"] == "page"]
    assert len(pages) == page_view_count(world)
    views: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for page in pages:
        views[page["properties"]["path"]] += 1
        seconds[page["properties"]["session_id"]] += page["properties"]["duration_s"]
    sessions = world.tables["sessions"]
    assert views["/pricing"] == sum(sessions["pricing_page_views"])
    assert views["/demo"] == sum(sessions["demo_page_views"])
    assert sorted(seconds.values()) == sorted(sessions["session_duration_seconds"])


def test_some_sessions_are_anonymous_until_an_identify_links_them(
    posted: list[dict[str, Any]],
) -> None:
    """History has to exercise the match: an unknown device that turns out to be a known person."""
    first_page: dict[str, dict[str, Any]] = {}
    for call in posted:
        if call["type"] == "page":
            first_page.setdefault(call["anonymousId"], call)
    unknown = {device for device, call in first_page.items() if "userId" not in call}
    linked = {
        call["anonymousId"]
        for call in posted
        if call["type"] == "identify" and "anonymousId" in call
    }
    assert 0 < ANONYMOUS_PERCENT < 100
    assert unknown
    assert unknown == linked


FIELDS = {
    "type", "event", "userId", "anonymousId", "messageId", "timestamp", "properties", "traits",
    "groupId", "context",
}  # fmt: skip
PROPERTIES = {
    "source", "channel", "owner", "path", "url", "title", "referrer", "session_id", "duration_s",
    "direction", "outcome", "rep_id", "opportunity_id", "value",
}  # fmt: skip
TRAITS = {
    "email", "first_name", "last_name", "title", "seniority", "role", "buyer_role", "name",
    "domain", "industry", "region", "employee_band", "revenue_band", "process_maturity",
}  # fmt: skip


def test_nothing_of_the_future_is_posted(posted: list[dict[str, Any]]) -> None:
    """`current_stage`, `is_sql`, the label and latent figures would leak into features."""
    for call in posted:
        assert set(call) <= FIELDS
        assert set(call.get("properties", {})) <= PROPERTIES
        assert set(call.get("traits", {})) <= TRAITS
    read_columns = {column for columns in worlds.READ.values() for column in columns}
    assert not read_columns & {"current_stage", "is_sql", "converted_within_90_days", "stage"}


def test_no_id_of_the_world_is_posted_but_the_crm_id(posted: list[dict[str, Any]]) -> None:
    """The world numbers its ids in table order: they could tell more than they should."""
    for call in posted:
        context = call.get("context", {})
        rest = json.dumps({**call, "context": {}})
        for prefix in ("lead_0", "acct_", "cnt_", "opp_", "sess_", "touch_", "act_0", "rep_"):
            assert prefix not in rest.replace("rep_id", "")
        for external in context.get("externalIds", []):
            assert external["type"] == "crm_lead_id"


def test_an_accounts_facts_are_posted_once(world: World, posted: list[dict[str, Any]]) -> None:
    """Facts come at first use; every further lead only names its group."""
    groups = [call for call in posted if call["type"] == "group"]
    told = [call["groupId"] for call in groups if "traits" in call]
    assert len(groups) == LEADS
    assert len(told) == len(set(told)) == len({call["groupId"] for call in groups})
    domains = {call["traits"]["domain"] for call in groups if "traits" in call}
    assert len(domains) == len(told)


def test_a_date_becomes_its_day() -> None:
    """The whole calendar rests on it."""
    assert day_of("1970-01-02") == 1
    assert day_of("2024-03-01") - day_of("2024-02-28") == 2
