"""What a score was made of is let go as soon as it is answered."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from serving.http.turn import TURN, Turn
from serving.score.asks import Ask
from signals.standing import Standing

CALLS = 20
EMAIL = "garbage@acme-logistics.example"


@pytest.fixture
def left() -> Iterator[list[Any]]:
    """What refers to itself, and so waits for the collector, from here on."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.parametrize(
    "asked",
    [
        ("/v1/score", {"lead": {"email": EMAIL}}, 200),
        ("/v1/score/batch", {"leads": [{"email": EMAIL}] * 3}, 200),
        ("/v1/score", {"lead": {"email": f"nobody-{EMAIL}"}}, 404),
        ("/v1/score", {"lead": {}}, 400),
    ],
)
def test_an_answered_call_leaves_nothing_to_be_collected(
    rig: Any, left: list[Any], asked: tuple[str, dict[str, Any], int]
) -> None:
    """A collection of what fifty calls left stops all the others for as long as it takes: at 500
    calls a second 20 to 40 ms, every few seconds, which is all of the slowest hundredth.
    """
    path, body, status = asked
    told = {"type": "identify", "userId": "garbage", "traits": {"email": EMAIL}}
    assert rig.pages.post("/v1/batch", json={"batch": [told]}).status_code == 200
    rig.work()
    for _ in range(CALLS):
        assert rig.client.post(path, json=body).status_code == status
    gc.collect()
    kept = Counter(type(one).__name__ for one in left if isinstance(one, Turn | Ask | Standing))
    kept["scope"] = sum(isinstance(one, dict) and TURN in one for one in left)
    assert kept.total() < CALLS / 2
