"""What each score call counts for, from its body to the bound of what is under way."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator, Mapping

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from core.clock import DAY, SystemClock, to_iso
from core.database import writing
from core.installation import Installation
from core.settings import Redis, Settings
from events.identity.tables import ACCOUNT, LEAD
from serving.http.front import Front
from serving.http.protocol import HOLD
from serving.keys import KeyKind, create
from serving.parts import Parts
from serving.release.shipped import publish_shipped_rules
from serving.score.asks import MOST_LEADS
from serving.score.overload import Overload, Place, Turned
from serving.score.past import WAITING
from serving.service import Seat

MANY = {"leads": [{"user_id": "nobody"}] * MOST_LEADS}


@pytest.fixture
def parts(installation: Installation, redis_server: str) -> Iterator[Parts]:
    opened = Parts(installation, Settings(redis=Redis(url=SecretStr(redis_server))))
    publish_shipped_rules(opened.engine, SystemClock())
    yield opened
    opened.close()


@pytest.fixture
def key(parts: Parts) -> str:
    return create(parts.engine, KeyKind.SECRET, SystemClock().now()).key


class Noted(Overload):
    """Notes what each call counted for when it was answered."""

    def __init__(self) -> None:
        super().__init__(0.1, lambda: 0.0)
        self.counted: list[float] = []

    def leave(self, place: Place) -> None:
        super().leave(place)
        self.counted.append(place.units)


def client(parts: Parts, key: str) -> httpx.AsyncClient:
    """Of the whole application in this process."""
    seat = Seat()
    seat.take(parts)
    transport = httpx.ASGITransport(Front(parts, seat))
    return httpx.AsyncClient(transport=transport, base_url="http://x", auth=(key, ""))


def ask(parts: Parts, key: str, path: str, body: bytes, **headers: str) -> httpx.Response:
    """One call."""

    async def one() -> httpx.Response:
        async with client(parts, key) as asking:
            return await asking.post(path, content=body, headers=headers)

    return asyncio.run(one())


@pytest.mark.parametrize("packed", [False, True])
def test_a_batch_counts_by_its_leads_packed_or_not(parts: Parts, key: str, packed: bool) -> None:
    """A thousand leads go into two hundred bytes."""
    noted = parts.overload = Noted()
    body = json.dumps(MANY).encode()
    headers = {"Content-Encoding": "gzip"} if packed else {}
    told = ask(parts, key, "/v1/score/batch", gzip.compress(body) if packed else body, **headers)
    assert told.status_code == 200, told.text
    assert noted.counted == [51]


def test_an_account_counts_by_its_people(parts: Parts, key: str) -> None:
    """Its name tells nothing of how many they are."""
    noted = parts.overload = Noted()
    _account(parts.engine, 100)
    body = json.dumps({"account": {"account_id": "a"}}).encode()
    told = ask(parts, key, "/v1/accounts/score", body)
    assert told.status_code == 200, told.text
    assert told.json()["people_total"] == 100
    assert noted.counted == [6]


def test_what_is_not_understood_or_allowed_counts_nothing(parts: Parts, key: str) -> None:
    """Anybody could keep others out with it."""
    noted = parts.overload = Noted()
    assert ask(parts, key, "/v1/score/batch", b'{"leads": 1}').status_code == 400
    assert ask(parts, key, "/v1/score", b'{"lead": {"user_id": "x"}}').status_code == 404
    assert noted.counted == [1]


def test_questions_about_the_past_keep_nobody_else_waiting(parts: Parts, key: str) -> None:
    """Of a crowd of them a few wait, the rest may come back; scores of now are answered."""
    noted = parts.overload = Noted()
    gate = threading.Event()
    parts.past._threads.submit(gate.wait, 60)
    then = {"as_of": to_iso(SystemClock().now() - DAY)}
    paths = ("/v1/score", "/v1/leads/x/features", "/v1/leads/x/explain", "/v1/leads/x/why-changed")
    names = ("as_of", "as_of", "at", "since")

    async def story() -> tuple[list[int], list[int], list[int]]:
        async with client(parts, key) as asking:
            many = [asking.post("/v1/score/batch", json={**MANY, **then})]
            for path, name in 5 * list(zip(paths, names, strict=True)):
                whom = {"user_id": "x"} if path == "/v1/score" else {}
                many.append(asking.get(path, params={**whom, name: then["as_of"]}))
            past = [asyncio.create_task(one) for one in many]
            _, waiting = await asyncio.wait(past, timeout=1)
            while len(waiting) > 1 + WAITING:
                _, waiting = await asyncio.wait(past, timeout=0.1)
            now = [
                await asking.post("/v1/score/batch", json=MANY),
                await asking.get("/v1/score", params={"user_id": "x"}),
                await asking.post("/v1/accounts/score", json={"account": {"account_id": "x"}}),
                await asking.get("/v1/leads/x"),
            ]
            early = [one.result().status_code for one in past if one.done()]
            gate.set()
            late = [(await one).status_code for one in waiting]
            return early, late, [one.status_code for one in now]

    early, late, now = asyncio.run(asyncio.wait_for(story(), 60))
    assert early == [503] * 16
    assert _turned(parts, Turned.PAST) == 16
    refused = sum(times for one, times in _counted(parts).items() if one[2] == "503")
    assert refused == 16
    assert len(late) == 1 + WAITING
    assert set(late) <= {200, 404}
    assert now == [200, 404, 404, 404]
    assert noted.counted == [51, 1, 1]


@pytest.mark.parametrize("path", ["/v1/score", "/v1/leads/x/features"])
def test_who_asks_too_much_of_the_past_is_not_read_for_a_while(
    parts: Parts, key: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the refusals of a crowd that comes back at once take the time of scores of now."""
    monkeypatch.setattr(parts.past, "_here", WAITING + 1)
    held: list[float] = []
    seat = Seat()
    seat.take(parts)
    front = Front(parts, seat)

    async def with_hold(scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {HOLD: held.append}
        await front(scope, receive, send)

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(with_hold)
        then = {"user_id": "x", "as_of": to_iso(SystemClock().now() - DAY)}
        async with httpx.AsyncClient(transport=transport, auth=(key, "")) as asking:
            return await asking.get(f"http://x{path}", params=then)

    told = asyncio.run(one())
    assert told.status_code == 503
    assert told.headers["retry-after"] == "1"
    assert "about the past" in told.json()["detail"]
    assert len(held) == 1


@pytest.mark.parametrize("told", ["", "-1", "1e3", "abc", "1 0", "9999999999"])
def test_a_time_limit_that_is_none_is_refused_by_every_score_route(
    parts: Parts, key: str, told: str
) -> None:
    """Its sender believes to have one. Beside all else that is wrong."""
    headers = {"X-Request-Timeout-Ms": told}
    for path, body in (
        ("/v1/score", {"lead": {"user_id": "x"}}),
        ("/v1/score/batch", {"leads": [{"user_id": "x"}]}),
        ("/v1/accounts/score", {"account": {"domain": "x.com"}}),
    ):
        one = ask(parts, key, path, json.dumps(body).encode(), **headers)
        assert (one.status_code, _paths(one)) == (400, ["X-Request-Timeout-Ms"])
        more = ask(parts, key, path, json.dumps({**body, "explain": 1}).encode(), **headers)
        assert (more.status_code, _paths(more)) == (400, ["X-Request-Timeout-Ms", "explain"])
        assert _paths(ask(parts, key, path, b"{", **headers)) == ["X-Request-Timeout-Ms"]

    async def query() -> httpx.Response:
        async with client(parts, key) as asking:
            wrong = {"user_id": "x", "explain": "y"}
            return await asking.get("/v1/score", params=wrong, headers=headers)

    assert _paths(asyncio.run(query())) == ["X-Request-Timeout-Ms", "explain"]


def _paths(told: httpx.Response) -> list[str]:
    return [one["path"] for one in told.json()["problems"]]


def test_who_is_turned_away_is_counted_by_route_and_status_once(parts: Parts, key: str) -> None:
    """An alarm hangs on it; before any work, when its leads are known, or when its time is over."""
    lead = b'{"lead": {"user_id": "x"}}'
    parts.overload = Overload(0.1, lambda: 0.0)
    for _ in range(150):
        parts.overload.enter(1)
    assert ask(parts, key, "/v1/score", lead, **{"X-Request-Timeout-Ms": "0"}).status_code == 504
    assert ask(parts, key, "/v1/score/batch", json.dumps(MANY).encode()).status_code == 503
    while not isinstance(parts.overload.enter(1), Turned):
        continue
    assert ask(parts, key, "/v1/score", lead).status_code == 503
    assert ask(parts, key, "/v1/score/batch", b"{}").status_code == 503
    assert _counted(parts) == {
        ("POST", "/v1/score", "504"): 1,
        ("POST", "/v1/score/batch", "503"): 2,
        ("POST", "/v1/score", "503"): 1,
    }


def test_the_wait_for_a_thread_is_a_stage_of_every_score(parts: Parts, key: str) -> None:
    """Or under load the stages add up to a fraction of what callers see."""
    _account(parts.engine, 1)
    then = to_iso(SystemClock().now() - DAY)
    calls: tuple[tuple[str, Mapping[str, object], int], ...] = (
        ("/v1/score", {"lead": {"user_id": "x"}}, 1),
        ("/v1/score", {"lead": {"user_id": "x"}, "as_of": then}, 1),
        ("/v1/score/batch", MANY, 1),
        ("/v1/accounts/score", {"account": {"account_id": "a"}}, 2),
    )
    for path, body, times in calls:
        before = _waits(parts)
        ask(parts, key, path, json.dumps(body).encode())
        assert _waits(parts) - before == times, (path, body)


def _waits(parts: Parts) -> float:
    told = parts.metrics.registry.get_sample_value(
        "leadline_score_stage_seconds_count", {"stage": "wait"}
    )
    return told or 0.0


def _turned(parts: Parts, why: Turned) -> float | None:
    told = {"why": why.value}
    return parts.metrics.registry.get_sample_value("leadline_scores_turned_away_total", told)


def _counted(parts: Parts) -> dict[tuple[str, str, str], float]:
    (family,) = parts.metrics.requests.collect()
    return {
        (one.labels["method"], one.labels["route"], one.labels["status"]): one.value
        for one in family.samples
        if one.name.endswith("_total")
    }


def _account(engine: sa.Engine, people: int) -> None:
    """One company and so many leads of it."""
    told = {"account_id": "a", "founded_offset": 1, "created_at": 1, "known_at": 1, "data_key": b""}
    with writing(engine) as connection:
        connection.execute(sa.insert(ACCOUNT), {"account_id": "a", "created_at": 1})
        leads = [{**told, "lead_id": f"l{at}"} for at in range(people)]
        connection.execute(sa.insert(LEAD), leads)
