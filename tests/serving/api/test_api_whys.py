"""`/explain` and `/why-changed` of a lead: the same answers that the command gives."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis

from core.clock import SystemClock, to_iso


@pytest.fixture(scope="module")
def described(rig: Any) -> Any:
    return schemathesis.openapi.from_url(f"{rig.url}/docs.json")


@pytest.fixture
def lead(rig: Any) -> str:
    rig.client.post("/v1/identify", json={"userId": "w-1", "traits": {"email": "w@why.example"}})
    rig.work()
    found: str = rig.client.get("/v1/score", params={"user_id": "w-1"}).json()["lead_id"]
    return found


def test_a_score_and_its_explanation_say_the_same(rig: Any, lead: str) -> None:
    """A console shows the one beside the other."""
    score = rig.client.get("/v1/score", params={"lead_id": lead}).json()

    told = rig.client.get(f"/v1/leads/{lead}/explain").json()

    assert told["lead_id"] == lead
    assert told["priority"] == pytest.approx(score["priority"], abs=0.05)
    assert (told["band"], told["trace"]["fit_points"]) == (score["band"], score["fit"]["points"])
    hits = {rule["id"] for rule in told["trace"]["rules"] if rule["state"] == "hit"}
    assert {reason["id"] for reason in score["reasons"]} <= hits
    assert str(told["rules_version"]) == score["rules"]["version"]


def test_a_past_moment_and_a_version_can_be_asked_for(
    rig: Any, lead: str, problem_of: Any, described: Any
) -> None:
    """And what is none of either is refused with its name."""
    at = to_iso(SystemClock().now())
    where = f"/v1/leads/{lead}/explain"
    assert rig.client.get(where, params={"at": at, "version": "0"}).json()["as_of"] == at
    problem = problem_of(rig.client.get(where, params={"version": "two"}), 400)
    assert problem["problems"][0]["path"] == "version"
    problem_of(rig.client.get(where, params={"at": "2999-01-01T00:00:00Z"}), 400)
    problem_of(rig.client.get(where, params={"version": "99999"}), 404)
    problem_of(rig.client.get("/v1/leads/nobody/explain"), 404)
    case = described["/v1/leads/{lead_id}/explain"]["GET"].Case(path_parameters={"lead_id": lead})
    assert case.call_and_validate(auth=(rig.secret_key, "")).status_code == 200


def test_what_moved_a_lead_adds_up(rig: Any, lead: str, problem_of: Any, described: Any) -> None:
    since = to_iso(SystemClock().now())
    page = {"userId": "w-1", "properties": {"path": "/pricing"}}
    rig.client.post("/v1/page", json=page)
    rig.work()

    told = rig.client.get(f"/v1/leads/{lead}/why-changed", params={"since": since}).json()

    assert told["causes"][0]["cause"] == "events"
    assert told["difference"] == pytest.approx(sum(one["share"] for one in told["causes"]))
    assert told["difference"] > 0
    problem_of(rig.client.get(f"/v1/leads/{lead}/why-changed"), 400)
    case = described["/v1/leads/{lead_id}/why-changed"]["GET"].Case(
        path_parameters={"lead_id": lead}, query={"since": since}
    )
    assert case.call_and_validate(auth=(rig.secret_key, "")).status_code == 200
    problem_of(rig.pages.get(f"/v1/leads/{lead}/why-changed", params={"since": since}), 403)
