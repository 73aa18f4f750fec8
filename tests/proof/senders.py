"""Stubborn clients of the doors for events: a batch is sent until it is answered.

What a batch holds derives from the sender's number alone, so that it can be counted afterwards.
"""

from __future__ import annotations

import abc
import datetime as dt
import threading
import time
from typing import Any

import httpx

COMPANIES = 7
PAUSE_S = 0.1
"""Between two batches: the proof is about dying, not about load."""
AGAIN_S = 0.1
REPEAT_EVERY = 10
SPOIL_EVERY = 5
HISTORY_BATCH = 40

Message = dict[str, Any]


class Sender(threading.Thread, abc.ABC):
    """Posts batches until `stop`; then the last one is seen through. `key` is a secret key."""

    def __init__(self, url: str, key: str, number: int, stop: threading.Event) -> None:
        super().__init__(name=f"sender-{number}", daemon=True)
        self._client = httpx.Client(base_url=url, auth=(key, ""), timeout=10.0, trust_env=False)
        self._number = number
        self.stop = stop
        self.acknowledged: list[Message] = []
        """Each message once, and only if its batch was answered with 200."""
        self.tries = 0
        self.problem = ""

    def run(self) -> None:
        at = 0
        while not self.stop.is_set() and not self.problem:
            path, batch = self.batch(at)
            self._offer(path, batch)
            if at % REPEAT_EVERY == 0:
                self._offer(path, batch)  # a client that never saw the answer
            if not self.problem:
                self.acknowledged += batch
            at += 1
            time.sleep(PAUSE_S)
        self._client.close()

    @abc.abstractmethod
    def batch(self, at: int) -> tuple[str, list[Message]]:
        """Path and messages of its `at`-th batch."""

    def _offer(self, path: str, batch: list[Message]) -> None:
        while not self.problem:
            self.tries += 1
            try:
                answer = self._client.post(path, json={"batch": batch})
            except httpx.TransportError:
                time.sleep(AGAIN_S)
                continue
            if answer.status_code == 200:
                return
            if answer.status_code not in {429, 503}:
                self.problem = f"{answer.status_code}: {answer.text[:300]}"
            time.sleep(AGAIN_S)


class Visitors(Sender):
    """Live: a batch holds one visitor's anonymous walk, and the form of the visitor before."""

    def batch(self, at: int) -> tuple[str, list[Message]]:
        walk = [
            self._page(at, view, path)
            for view, path in enumerate(("/pricing", "/pricing", "/demo"))
        ]
        form = [self._form(at - 1)] if at else []
        bad = [{"type": "page", "messageId": f"{self.name}-bad-{at}"}]
        return "/v1/batch", walk + form + (bad if at % SPOIL_EVERY == 0 else [])

    def _page(self, at: int, view: int, path: str) -> Message:
        return {
            "type": "page",
            "messageId": f"{self.name}-{at}-{view}",
            "anonymousId": f"{self.name}-a{at}",
            "properties": {"path": path, "session_id": f"{self.name}-s{at}"},
        }

    def _form(self, at: int) -> Message:
        mail = f"ann.{self.name}.{at}@company{at % COMPANIES}.example"
        return {
            "type": "track",
            "event": "Form Submitted",
            "messageId": f"{self.name}-{at}-form",
            "anonymousId": f"{self.name}-a{at}",
            "userId": f"{self.name}-u{at}",
            "properties": {"email": mail},
        }


class History(Sender):
    """The historical door: many page views a batch, of people who come back."""

    def batch(self, at: int) -> tuple[str, list[Message]]:
        return "/v1/import", [self._page(at * HISTORY_BATCH + n) for n in range(HISTORY_BATCH)]

    def _page(self, number: int) -> Message:
        begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=60)
        return {
            "type": "page",
            "messageId": f"{self.name}-{number}",
            "userId": f"{self.name}-u{number % 500}",
            "timestamp": (begin + dt.timedelta(seconds=number)).isoformat(),
            "properties": {"path": "/product"},
        }
