"""The document describes score answers truly: every field that comes is described, none is missing.

Answers of all kinds are held against the schemas of `/docs.json`, made strict: a field that the
document does not name is an error here, while a reader of answers has to bear it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from core import release
from scoring import experiment
from tests.half_each import half_each
from tests.serving.api.conftest import CLIENT_S, Rig

COMPANY = {"name": "Described", "domain": "described.example", "industry": "logistics"}
LEAD = {"user_id": "t-1"}
NOBODY = {"error": "not_found"}
ASKS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/v1/score", {"lead": LEAD}),
    ("GET", "/v1/score", LEAD),
    ("POST", "/v1/score/batch", {"leads": [LEAD, {"user_id": "nobody"}]}),
    ("POST", "/v1/accounts/score", {"account": {"domain": COMPANY["domain"]}}),
)


class Described:
    """Asks every score route, checks the answer against the document, and gives the answers."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._document = _strict(httpx.get(f"{rig.url}/docs.json").json())

    def ask(self, explain: str) -> list[dict[str, Any]]:
        """The scores in the answers of all routes."""
        found: list[dict[str, Any]] = []
        for method, path, ask in ASKS:
            told = {**ask, "explain": explain}
            more = {"params": told} if method == "GET" else {"json": told}
            answer = self._rig.client.request(method, path, **more)
            assert answer.status_code == 200, answer.text
            self.check(method, path, answer)
            found += [one for one in _scores(answer.json()) if one != NOBODY]
        return found

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        operation = self._document["paths"][path][method.lower()]
        kind = answer.headers["content-type"].partition(";")[0]
        schema = operation["responses"][str(answer.status_code)]["content"][kind]["schema"]
        whole = {**schema, "components": self._document["components"]}
        checker = Draft202012Validator(whole, format_checker=FormatChecker())
        problems = [one.message for one in checker.iter_errors(answer.json())]
        assert not problems, (path, problems)

    def until(self, held: Callable[[dict[str, Any]], bool]) -> None:
        """A release is in force within the polling interval."""
        deadline = time.monotonic() + CLIENT_S
        while not held(told := self._rig.client.get("/v1/score", params=LEAD).json()):
            assert time.monotonic() < deadline, told
            time.sleep(0.05)


def _scores(told: dict[str, Any]) -> list[dict[str, Any]]:
    if "results" in told:
        return list(told["results"])
    return [told["score"]] if "people" in told else [told]


def _strict(schema: Any) -> Any:
    """Objects with known fields take no others."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _strict(one) for name, one in schema.items()}
    if told.get("type") == "object" and "properties" in told:
        told.setdefault("additionalProperties", False)
    return told


@pytest.fixture(scope="module")
def described(rig: Rig) -> Described:
    calls = [
        {"type": "page", "userId": "t-1", "properties": {"path": "/pricing"}},
        {"type": "identify", "userId": "t-1", "traits": {"email": "t@described.example"}},
        {"type": "group", "userId": "t-1", "groupId": "t-g", "traits": COMPANY},
    ]
    assert rig.client.post("/v1/batch", json={"batch": calls}).status_code == 200
    rig.work()
    return Described(rig)


@pytest.fixture(scope="module")
def with_model(rig: Rig, described: Described, write_model: Callable[..., Any]) -> Iterator[None]:
    """Version 31 in force, 32 beside it."""
    for version in ("31", "32"):
        write_model(rig.installation, version)
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version="31")
    described.until(lambda told: told["model"] is not None)
    yield
    release.make(rig.engine, 2, "test", model_name=None, model_version=None, experiment=None)
    described.until(lambda told: told["model"] is None)


@pytest.mark.parametrize("explain", ["none", "short", "full"])
def test_answers_of_rules_alone_are_as_described(described: Described, explain: str) -> None:
    """The first day: no model yet."""
    told = described.ask(explain)
    assert len(told) == 4
    assert all(one["degraded"] == ["model"] for one in told)


def test_answers_without_the_online_store_are_as_described(rig: Rig, described: Described) -> None:
    """A client that was generated from the document must not break on the worst day."""
    rig.stop_store()
    try:
        assert all("online_store" in one["degraded"] for one in described.ask("short"))
    finally:
        rig.start_store()
        rig.work()


def test_answers_of_a_past_moment_are_as_described(rig: Rig, described: Described) -> None:
    """From the lake."""
    then = rig.client.get("/v1/score", params=LEAD).json()["as_of"]
    answer = rig.client.post("/v1/score", json={"lead": LEAD, "as_of": then})
    assert answer.status_code == 200
    described.check("POST", "/v1/score", answer)


@pytest.mark.parametrize("explain", ["none", "short", "full"])
def test_answers_with_a_model_are_as_described(
    described: Described, with_model: None, explain: str
) -> None:
    """In full with every contribution."""
    told = described.ask(explain)
    assert {one["model"]["version"] for one in told} == {"31"}
    if explain == "full":
        assert all(one["contributions"] for one in told)


def test_answers_of_an_experiment_are_as_described(
    rig: Rig, described: Described, with_model: None
) -> None:
    """With the arm."""
    spec = half_each("31", "32")
    experiment.begin(rig.engine, spec, 5)
    described.until(lambda told: "experiment" in told)
    assert all(one["experiment"]["arm"] for one in described.ask("full"))
    experiment.end(rig.engine, 6, promote=False)
    described.until(lambda told: "experiment" not in told)


def test_refusals_are_as_described(rig: Rig, described: Described) -> None:
    """Every one of them a problem document, with the problems."""
    for method, path, ask in ASKS:
        wrong = {"x": "y"}
        more = {"params": wrong} if method == "GET" else {"json": wrong}
        answer = rig.client.request(method, path, **more)
        assert answer.status_code == 400
        described.check(method, path, answer)
        refused = rig.pages.request(method, path, json=ask)
        assert refused.status_code == 403
        described.check(method, path, refused)


def test_a_field_that_nobody_described_would_be_noticed(rig: Rig, described: Described) -> None:
    """The check can fail."""
    answer = rig.client.get("/v1/score", params=LEAD)
    more = httpx.Response(200, json={**answer.json(), "surprise": 1})
    with pytest.raises(AssertionError, match="surprise"):
        described.check("GET", "/v1/score", more)
