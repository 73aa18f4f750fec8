"""The demo world as traffic: most of it history, the rest told while processes die.

Its leads also come back: each lives its story a second time, now, through the live door.
"""

from __future__ import annotations

import collections
import random
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from core.clock import SystemClock
from demo.build import Paths, build
from tests.proof.senders import AGAIN_S, Message, Sender

AT_ONCE = 30
HISTORY_AT_ONCE = 10
SCORED_AT_ONCE = 8
SCORE_PAUSE_S = 0.1
ACTIVE = 150
"""So many leads, the newest that came back, are asked for: sellers look at who is active."""
BEFORE = 0.8
"""Share of the world that is history before the first kill."""


class Story(NamedTuple):
    """All calls of a world in the order of time, parted."""

    before: list[bytes]
    rest: list[Message]
    lives: list[list[Message]]
    """Each lead's own calls, in order, without the time at which they were made."""


def read_story(folder: Path, leads: int, seed: int) -> Story:
    """A world of so many leads, generated into `folder`."""
    build(folder, seed, "intermediate", leads, SystemClock().now())
    lines = Paths(folder).calls.read_bytes().splitlines()
    cut = int(len(lines) * BEFORE)
    lives: dict[str, list[Message]] = {}
    for line in lines:
        call = msgspec.json.decode(line, type=Message)
        if call.get("userId") and call.get("event") != "Lead Created":
            del call["timestamp"]
            lives.setdefault(call["userId"], []).append(call)
    rest = [msgspec.json.decode(line, type=Message) for line in lines[cut:]]
    return Story(lines[:cut], rest, list(lives.values()))


class Lives(Sender):
    """Live: one lead a batch goes on with its story, again and again from its beginning."""

    def __init__(
        self, url: str, key: str, stop: threading.Event, lives: list[list[Message]]
    ) -> None:
        super().__init__(url, key, 1, stop)
        self._lives = random.Random(1).sample(lives, len(lives))
        self.active: collections.deque[str] = collections.deque(maxlen=ACTIVE)

    def batch(self, at: int) -> tuple[str, list[Message]]:
        calls = self._lives[at % len(self._lives)]
        begin = at // len(self._lives) * AT_ONCE % len(calls)
        self.active.append(calls[0]["userId"])
        told = calls[begin : begin + AT_ONCE]
        return "/v1/batch", [{**call, "messageId": f"{at}-{n}"} for n, call in enumerate(told)]


class Rest(Sender):
    """The rest of history, in order, but behind what is live by now; told again once it ends."""

    def __init__(self, url: str, key: str, stop: threading.Event, rest: list[Message]) -> None:
        super().__init__(url, key, 2, stop)
        self._rest = rest

    def batch(self, at: int) -> tuple[str, list[Message]]:
        begin = at * HISTORY_AT_ONCE % len(self._rest)
        return "/v1/import", self._rest[begin : begin + HISTORY_AT_ONCE]


class Scores(threading.Thread):
    """Asks for scores of who is active, whatever dies meanwhile."""

    def __init__(self, url: str, key: str, lives: Lives, stop: threading.Event) -> None:
        super().__init__(name="scores", daemon=True)
        self._client = httpx.Client(base_url=url, auth=(key, ""), timeout=10.0, trust_env=False)
        self._lives = lives
        self._ended = stop
        self._draw = random.Random(2)
        self.answered = 0
        self.degraded: list[tuple[str, str]] = []
        """Lead and moment (ISO 8601) of each answer that was made without the online store."""
        self.problem = ""

    def run(self) -> None:
        while not self._ended.wait(SCORE_PAUSE_S) and not self.problem:
            active = sorted(set(self._lives.active))
            asked = self._draw.sample(active, min(SCORED_AT_ONCE, len(active)))
            if asked:
                self._ask([{"user_id": one} for one in asked])
        self._client.close()

    def _ask(self, leads: list[dict[str, str]]) -> None:
        try:
            answer = self._client.post("/v1/score/batch", json={"leads": leads})
        except httpx.TransportError:
            time.sleep(AGAIN_S)
            return
        if answer.status_code == 200:
            for told in answer.json()["results"]:
                self._take(told)
        elif answer.status_code not in {429, 503}:
            self.problem = f"{answer.status_code}: {answer.text[:300]}"

    def _take(self, told: dict[str, Any]) -> None:
        if "lead_id" not in told:
            return  # nobody yet: the worker has not come to it
        self.answered += 1
        if "online_store" in told["degraded"]:
            self.degraded.append((told["lead_id"], told["as_of"]))
