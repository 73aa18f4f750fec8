"""The live visitor: unknown → pricing page → demo page → form → hot, timed from event to signal.

The CRM knows each of them by email from a list, long before. So the form shows that the unknown
browser and the known contact are one person, and their leads are merged.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import httpx

from core.errors import WorkError
from demo.known import Fields
from demo.receiver import Arrival, Receiver
from demo.visitor import Visitor

PAGES = ("/pricing", "/product", "/pricing", "/demo", "/pricing")
KNOWN_S = 60.0
"""An event is known to the api after this at the latest, however busy the machine is."""
SIGNAL_S = 15.0
_LOOK_S = 0.01


class Visit(NamedTuple):
    """What one visit showed. `milliseconds`: from the POST of the event that turned them hot to
    the arrival of the signal at the receiver.
    """

    visitor: Visitor
    unknown: Fields
    """The score of the unknown browser after its pages."""
    contact: Fields
    """The score of the contact that the CRM knew."""
    after: Fields
    signal: Fields
    milliseconds: float


class Walk:
    """One visitor's way through the live door (write key) and the score call (secret key)."""

    def __init__(
        self, who: Visitor, write: httpx.Client, secret: httpx.Client, receiver: Receiver
    ) -> None:
        self._who = who
        self._write = write
        self._secret = secret
        self._receiver = receiver
        self._sent: dict[str, float] = {}
        """Message id → when its POST began, by `time.perf_counter()`."""

    def run(self) -> Visit:
        """WorkError when the form brings no signal in time, or the leads are not merged."""
        contact = self._await_score("email", self._who.email)
        for path in PAGES:
            self._post("page", {"properties": _page(path)})
        unknown = self._await_score("anonymous_id", self._who.anonymous_id)
        form = {"email": self._who.email, "form": "demo_request"}
        self._post("track", {"event": "Form Submitted", "properties": form})
        self._post("identify", {"userId": self._who.user_id, "traits": self._who.traits})
        arrival = self._await_signal()
        after = self._await_merge()
        if contact["account_id"] != after["account_id"]:
            raise WorkError("the visitor's account changed by the merge")
        trigger = arrival.signal["data"]["trigger"]["message_id"]
        milliseconds = (arrival.at - self._sent[trigger]) * 1_000
        return Visit(self._who, unknown, contact, after, arrival.signal, milliseconds)

    def _post(self, kind: str, fields: Fields) -> None:
        message_id = f"{self._who.anonymous_id}-{len(self._sent)}"
        call = {"anonymousId": self._who.anonymous_id, "messageId": message_id, **fields}
        self._sent[message_id] = time.perf_counter()
        answer = self._write.post(f"/v1/{kind}", json=call)
        if answer.status_code != 200:
            raise WorkError(f"a live {kind} call was refused: {answer.text[:300]}")

    def _await_score(self, kind: str, value: str) -> Fields:
        deadline = time.monotonic() + KNOWN_S
        while time.monotonic() < deadline:
            answer = self._secret.post("/v1/score", json={"lead": {kind: value}})
            if answer.status_code == 200:
                told: Fields = answer.json()
                return told
            if answer.status_code != 404:
                raise WorkError(f"a score call was refused: {answer.text[:300]}")
            time.sleep(_LOOK_S)
        raise WorkError(f"the visitor is still unknown by {kind} after {KNOWN_S:.0f} s")

    def _await_signal(self) -> Arrival:
        arrival = self._receiver.wait_for(self._is_mine, SIGNAL_S)
        if arrival is None:
            score = self._await_score("anonymous_id", self._who.anonymous_id)
            raise WorkError(
                f"no lead.hot arrived in {SIGNAL_S:.0f} s; the visitor stands at priority "
                f"{score['priority']} ({score['band']})",
                do="look at logs/worker.log and logs/deliver.log in the data folder",
            )
        return arrival

    def _is_mine(self, signal: Fields) -> bool:
        trigger = signal["data"]["trigger"]
        return signal["type"] == "lead.hot" and trigger["message_id"] in self._sent

    def _await_merge(self) -> Fields:
        """The score once both identifiers lead to one lead.

        A signal leaves with the commit, and the api's index of identifiers follows it: a receiver
        that asks at once may still be told of the two leads.
        """
        deadline = time.monotonic() + KNOWN_S
        while time.monotonic() < deadline:
            by_device = self._await_score("anonymous_id", self._who.anonymous_id)
            by_email = self._await_score("email", self._who.email)
            if by_device["lead_id"] == by_email["lead_id"]:
                return by_device
            time.sleep(_LOOK_S)
        raise WorkError("the form did not merge browser and contact: their leads still differ")


def _page(path: str) -> Fields:
    return {"path": path, "url": f"https://www.procura.example{path}", "duration_s": 30}
