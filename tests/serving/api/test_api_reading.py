"""Reading and operations: what integrators, sellers and operators look at."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="module")
def lead(rig: Any) -> dict[str, Any]:
    """A visitor who turned hot: a form by somebody of a target company."""
    calls = [
        {"type": "page", "anonymousId": "r-1", "properties": {"path": "/pricing"}},
        {"type": "page", "anonymousId": "r-1", "properties": {"path": "/demo"}},
        {
            "type": "identify",
            "anonymousId": "r-1",
            "userId": "r-user",
            "traits": {"email": "cfo@target.example", "seniority": "vp", "role": "vp_finance"},
        },
        {
            "type": "group",
            "userId": "r-user",
            "groupId": "r-target",
            "traits": {"industry": "manufacturing", "employee_band": "500-999", "region": "US"},
        },
        {"type": "track", "event": "Form Submitted", "userId": "r-user"},
    ]
    batch = [{**call, "messageId": f"read-{at}"} for at, call in enumerate(calls)]
    rig.pages.post("/v1/batch", json={"batch": [*batch, batch[0], {"type": "page"}]})
    rig.work()
    told: dict[str, Any] = rig.client.get("/v1/score", params={"user_id": "r-user"}).json()
    return told


def test_a_lead_shows_profile_identifiers_and_last_events(rig: Any, lead: Any) -> None:
    """What a seller sees beside the score."""
    told = rig.client.get(f"/v1/leads/{lead['lead_id']}").json()
    assert told["person"]["email"] == "cfo@target.example"
    assert told["company"]["industry"] == "manufacturing"
    assert {one["kind"] for one in told["identifiers"]} >= {"user_id", "anonymous_id"}
    assert told["last_events"][0]["name"] == "form_submitted"


def test_features_are_those_a_score_is_made_of(rig: Any, lead: Any) -> None:
    """For who wants to know why."""
    told = rig.client.get(f"/v1/leads/{lead['lead_id']}/features").json()
    assert told["features"]["demo_views_7d"] == 1
    assert told["features"]["form_submits_7d"] == 1
    assert told["account_id"] == lead["account_id"]
    assert told["capped"] == []


def test_a_count_that_is_a_lower_bound_is_named(rig: Any) -> None:
    """64 visits of a lead are kept apart: `sessions_90d` of 64 may mean seventy."""
    pages = [
        {
            "type": "page",
            "anonymousId": "r-many",
            "messageId": f"many-{at}",
            "properties": {"path": "/", "session_id": f"visit-{at}"},
        }
        for at in range(70)
    ]
    assert rig.pages.post("/v1/batch", json={"batch": pages}).status_code == 200
    rig.work()
    lead_id = rig.client.get("/v1/score", params={"anonymous_id": "r-many"}).json()["lead_id"]
    told = rig.client.get(f"/v1/leads/{lead_id}/features").json()
    assert told["features"]["sessions_90d"] == 64
    assert told["capped"] == ["sessions"]
    then = rig.client.get(f"/v1/leads/{lead_id}/features", params={"as_of": told["as_of"]}).json()
    assert then["capped"] == ["sessions"]


def test_an_account_shows_company_and_people(rig: Any, lead: Any) -> None:
    """By the id that the score names."""
    told = rig.client.get(f"/v1/accounts/{lead['account_id']}").json()
    assert told["people"] == [lead["lead_id"]]
    assert told["company"]["employee_band"] == "500-999"


@pytest.mark.parametrize("path", ["leads/x", "accounts/x", "leads/x/features"])
def test_what_nobody_knows_is_404(rig: Any, problem_of: Any, path: str) -> None:
    """In the usual shape."""
    problem_of(rig.client.get(f"/v1/{path}"), 404)


def test_signals_are_listed_newest_first_and_filtered(rig: Any, lead: Any) -> None:
    """A CRM polls here when it takes no webhooks."""
    told = rig.client.get("/v1/signals", params={"limit": 50}).json()
    mine = [one for one in told["signals"] if one["data"]["lead_id"] == lead["lead_id"]]
    assert "lead.hot" in {one["type"] for one in mine}
    times = [one["time"] for one in told["signals"]]
    assert times == sorted(times, reverse=True)
    cooled = rig.client.get("/v1/signals", params={"type": "lead.cooled"}).json()
    assert cooled["signals"] == []
    one = rig.client.get("/v1/signals", params={"limit": 1, "type": "lead.hot"}).json()
    assert len(one["signals"]) == 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=9999", "type=no", "since=soon", "cursor=x", "limit=１"]
)
def test_wrong_filters_are_400(rig: Any, problem_of: Any, query: str) -> None:
    """Not an empty list that looks like peace."""
    problem_of(rig.client.get(f"/v1/signals?{query}"), 400)


def test_the_stream_sends_signals_from_where_the_reader_was(rig: Any, lead: Any) -> None:
    """A browser that comes back names the last one it saw, and misses nothing."""
    with rig.client.stream("GET", "/v1/signals/stream", headers={"Last-Event-ID": "0"}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        line = next(line for line in lines if line.startswith("data: "))
    assert json.loads(line.removeprefix("data: "))["specversion"] == "1.0"


def test_the_last_events_show_their_fate(rig: Any, lead: Any) -> None:
    """The integrator's debugger: accepted, processed, duplicate, failed and why."""
    rig.pages.post("/v1/page", json={"anonymousId": "r-2"})
    events = rig.client.get("/v1/events/recent", params={"limit": 500}).json()["events"]
    fates = {event["fate"] for event in events}
    assert fates >= {"accepted", "processed", "duplicate", "failed"}
    failed = next(event for event in events if event["fate"] == "failed")
    assert failed["detail"]
    offsets = [event["offset"] for event in events]
    assert offsets == sorted(offsets, reverse=True)
    assert len(rig.client.get("/v1/events/recent?limit=2").json()["events"]) == 2
    rig.work()


def test_reading_needs_a_secret_key(rig: Any, problem_of: Any) -> None:
    """A key in a web page shows nobody's profile."""
    for path in ("leads/x", "leads/x/features", "accounts/x", "signals", "signals/stream",
                 "events/recent"):  # fmt: skip
        problem_of(rig.pages.get(f"/v1/{path}"), 403)
        problem_of(httpx.get(f"{rig.url}/v1/{path}"), 403)


def test_operations_need_no_key(rig: Any) -> None:
    """Probes have none; nothing personal is told."""
    assert httpx.get(f"{rig.url}/livez").json() == {"status": "ok"}
    assert httpx.get(f"{rig.url}/readyz").json()["status"] == "ready"
    assert httpx.head(f"{rig.url}/livez").status_code == 200
    health = httpx.get(f"{rig.url}/healthz").json()
    worker = health["worker"]
    assert health["log"]["last_offset"] == health["log"]["accepted"]
    assert worker["processed"] + worker["duplicates"] + worker["failed"] == worker["offset"]
    assert worker["caught_up"] is (worker["lag"] == 0)


def test_metrics_count_requests_events_and_stages(rig: Any, lead: Any) -> None:
    """Labels are route templates: no id of anybody becomes a time series."""
    rig.client.get(f"/v1/leads/{lead['lead_id']}")
    told = httpx.get(f"{rig.url}/metrics").text
    assert 'leadline_requests_total{method="GET",route="/v1/leads/{lead_id}",status="200"}' in told
    assert 'leadline_events_accepted_total{door="live"}' in told
    assert 'leadline_score_stage_seconds_count{stage="rules"}' in told
    assert lead["lead_id"] not in told


def test_the_document_describes_every_route_and_is_valid(rig: Any) -> None:
    """Clients are generated from it; the page loads nothing from elsewhere."""
    import schemathesis

    document = httpx.get(f"{rig.url}/docs.json").json()
    schemathesis.openapi.from_dict(document).validate()
    for path in ("/v1/track", "/v1/import", "/v1/score", "/v1/signals", "/healthz"):
        assert path in document["paths"]
    page = httpx.get(f"{rig.url}/docs")
    assert "http" not in page.text.replace("https://www.w3.org", "")
    for file in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert file in page.text
        assert httpx.get(f"{rig.url}/docs/{file}").status_code == 200
    assert httpx.get(f"{rig.url}/docs/swagger-initializer.js").status_code == 404
