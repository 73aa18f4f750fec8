"""The OpenAPI document, tried against the running api: what it says is what is answered."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from core.clock import DAY, SystemClock, to_iso
from serving.http.tables import DESCRIBED, SCORES
from tests.rules_life.small import edited

CASES = 40
"""Of each operation; together about a thousand."""
# That a moment lies in the past or an address is one of email no schema says: those requests are
# refused though they fit it, and a pixel answers its image to whatever comes.
BEYOND_A_SCHEMA = [positive_data_acceptance, negative_data_rejection]
LIMIT = "X-Request-Timeout-Ms"
ENDLESS = "/v1/signals/stream"
OPERATIONS = sorted({(route.method, route.path) for route in DESCRIBED if route.shown})


@pytest.fixture(scope="module")
def described(rig: Any) -> Any:
    return schemathesis.openapi.from_url(f"{rig.url}/docs.json")


@pytest.mark.parametrize(("method", "path"), [one for one in OPERATIONS if one[1] != ENDLESS])
def test_no_request_is_answered_otherwise_than_the_document_says(
    rig: Any, described: Any, method: str, path: str
) -> None:
    """Never a 5xx, never a status or a shape that a generated client would not expect."""
    operation = described[path][method]
    requests = st.one_of(
        operation.as_strategy(),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests)
    def try_it(case: Any) -> None:
        case.headers.pop(LIMIT, None)  # a time that is over is a 504, as described
        case.call_and_validate(auth=(rig.secret_key, ""), excluded_checks=BEYOND_A_SCHEMA)

    try_it()


def test_real_answers_have_the_shapes_of_the_document(rig: Any, described: Any) -> None:
    """Made-up requests find nobody, so somebody is put there."""
    call = {"userId": "d-1", "traits": {"email": "d@doc.example"}}
    rig.client.post("/v1/identify", json=call)
    rig.work()
    lead = {"user_id": "d-1"}
    found = rig.client.get("/v1/score", params=lead).json()
    account = {"account": {"domain": "doc.example"}}
    one = {"lead_id": found["lead_id"]}
    for path, method, told in (
        ("/v1/score", "GET", {"query": {**lead, "explain": "full"}}),
        ("/v1/score", "POST", {"body": {"lead": lead}}),
        ("/v1/score/batch", "POST", {"body": {"leads": [lead, {"user_id": "nobody"}]}}),
        ("/v1/accounts/score", "POST", {"body": account}),
        ("/v1/leads/{lead_id}", "GET", {"path_parameters": one}),
        ("/v1/leads/{lead_id}/features", "GET", {"path_parameters": one}),
        ("/v1/events/recent", "GET", {}),
    ):
        more = {"media_type": "application/json"} if "body" in told else {}
        case = described[path][method].Case(**told, **more)
        answer = case.call_and_validate(auth=(rig.secret_key, ""))
        assert answer.status_code == 200


def test_real_answers_about_rules_have_the_shapes_of_the_document(rig: Any, described: Any) -> None:
    """With a draft, a version that changed something, and a snooze."""
    rig.client.post("/v1/group", json={"userId": "d-2", "groupId": "d-2",
                                       "traits": {"domain": "snooze.example"}})  # fmt: skip
    rig.work()
    name, way = {"name": "described"}, "/v1/rules/drafts/{name}"
    until = to_iso(SystemClock().now() + DAY)
    snooze = {"rule": "target_industry", "account": "snooze.example", "until": until}
    for path, method, told in (
        (way, "PUT", {"path_parameters": name, "body": {"files": edited(9)}}),
        (way, "GET", {"path_parameters": name}),
        ("/v1/rules/drafts", "GET", {}),
        (f"{way}/check", "POST", {"path_parameters": name}),
        (f"{way}/test", "POST", {"path_parameters": name}),
        (f"{way}/publish", "POST", {"path_parameters": name, "body": {"note": "a"}}),
        (way, "PUT", {"path_parameters": name, "body": {"files": edited(8), "revision": 1}}),
        ("/v1/rules/diff", "GET", {"query": {"draft": "described"}}),
        (f"{way}/publish", "POST", {"path_parameters": name, "body": {"author": "ana"}}),
        ("/v1/rules", "GET", {"query": {"limit": 2}}),
        ("/v1/rules/versions/{version}", "GET", {"path_parameters": {"version": "1"}}),
        ("/v1/rules/stats", "GET", {}),
        ("/v1/rules/schema", "GET", {}),
        ("/v1/rules/snoozes", "POST", {"body": snooze}),
        ("/v1/rules/snoozes", "GET", {}),
        (way, "DELETE", {"path_parameters": name, "query": {"revision": 2}}),
    ):
        more = {"media_type": "application/json"} if "body" in told else {}
        case = described[path][method].Case(**told, **more)
        answer = case.call_and_validate(auth=(rig.secret_key, ""))
        assert answer.status_code == 200, (path, answer.text)


def test_every_score_takes_a_time_limit(rig: Any) -> None:
    """A generated client can say it, and the api keeps to it."""
    paths = httpx.get(f"{rig.url}/docs.json").json()["paths"]
    naming = {
        (method.upper(), path)
        for path, methods in paths.items()
        for method, told in methods.items()
        if any((one["in"], one["name"]) == ("header", LIMIT) for one in told.get("parameters", ()))
    }
    assert naming == {(route.method, route.path) for route in SCORES}
    late = rig.client.get("/v1/score", params={"user_id": "x"}, headers={LIMIT: "0"})
    assert late.status_code == 504


def test_the_document_names_every_route_of_the_contract(rig: Any) -> None:
    """An undocumented route is one nobody can rely on."""
    paths = httpx.get(f"{rig.url}/docs.json").json()["paths"]
    named = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert named == set(OPERATIONS)
