"""Posting history: within the door's limits, in order, and honest about what was refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WorkError
from demo.post import MOST_BYTES, MOST_EVENTS, batches, post, retry_after_s

CALLS = [json.dumps({"n": n, "pad": "x" * 100}).encode() for n in range(1_200)]


def client(door: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(base_url="http://api.test", transport=httpx.MockTransport(door))


def ignore(_: int) -> None:
    """For calls whose progress nobody looks at."""


@given(st.lists(st.integers(2, 60_000), max_size=60))
def test_batches_keep_every_call_in_order_within_the_limits(sizes: list[int]) -> None:
    """A batch over the limit would be refused as a whole; a lost call would never be noticed."""
    calls = [b'"' + b"x" * (size - 2) + b'"' for size in sizes]
    made = list(batches(calls))
    there = [call for batch in made for call in json.loads(batch.body)["batch"]]
    assert there == [json.loads(call) for call in calls]
    assert sum(batch.events for batch in made) == len(calls)
    assert all(len(batch.body) <= MOST_BYTES for batch in made)


def test_a_batch_has_no_more_events_than_allowed() -> None:
    """The limit on events is another one than that on bytes."""
    made = list(batches([b"1"] * (MOST_EVENTS * 2 + 1)))
    assert [batch.events for batch in made] == [MOST_EVENTS, MOST_EVENTS, 1]


def test_history_is_posted_in_order_and_counted() -> None:
    """An event of the past is known at its own time: order is part of what is true then."""
    taken: list[int] = []
    advanced: list[int] = []

    def door(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/import"
        taken.extend(call["n"] for call in json.loads(request.content)["batch"])
        return httpx.Response(200, json={"success": True})

    posted = post(client(door), CALLS, advanced.append)
    assert taken == list(range(1_200))
    assert (posted.accepted, posted.refused) == (1_200, 0)
    assert sum(advanced) == 1_200


def test_a_full_door_is_asked_again_when_it_says_so() -> None:
    """503 and 429 mean that nothing was accepted: the same batch again, none twice."""
    answers = iter([503, 429, 200, 200, 200])
    taken: list[int] = []
    slept: list[float] = []

    def door(request: httpx.Request) -> httpx.Response:
        status = next(answers)
        if status == 200:
            taken.extend(call["n"] for call in json.loads(request.content)["batch"])
        return httpx.Response(status, headers={"Retry-After": "2"})

    posted = post(client(door), CALLS, ignore, sleep=slept.append)
    assert posted.accepted == 1_200
    assert taken == list(range(1_200))
    assert slept == [2.0, 2.0]


def test_a_door_that_stays_full_is_given_up() -> None:
    """Nothing waits for ever; what was not taken counts as refused."""

    def door(_: httpx.Request) -> httpx.Response:
        return httpx.Response(503, headers={"Retry-After": "30"}, text="full")

    posted = post(client(door), CALLS[:3], ignore, sleep=lambda _: None)
    assert (posted.accepted, posted.refused) == (0, 3)
    assert posted.problem == "503: full"


def test_a_refused_batch_is_counted_and_its_reason_kept() -> None:
    """posted = accepted + refused, and the reason is what the operator needs."""

    def door(_: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text="malformed")

    posted = post(client(door), CALLS, ignore)
    assert (posted.accepted, posted.refused) == (0, 1_200)
    assert posted.problem == "400: malformed"


def test_an_api_that_goes_away_is_told() -> None:
    """What was in flight may have been accepted: to post it again could count it twice."""

    def door(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("connection reset")

    with pytest.raises(WorkError, match="went away"):
        post(client(door), CALLS, ignore)


@pytest.mark.parametrize(
    ("told", "seconds"), [("3", 3.0), ("0", 0.1), ("9999", 30.0), ("Mon, 23 Nov", 1.0), (None, 1.0)]
)
def test_retry_after_is_bounded(told: str | None, seconds: float) -> None:
    """A strange header must neither stop the demo nor make it spin."""
    headers = {"Retry-After": told} if told is not None else {}
    assert retry_after_s(httpx.Response(503, headers=headers)) == seconds
