"""Small stand-ins for the rooms below: a rulebook of one number, a model of one weight."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec

from core.clock import DAY, HOUR
from core.release import Release
from features.vector import FeatureVector, vector
from rules import Hit, Route, RuleReport
from scoring import Score
from signals.destinations.attempt import Attempt, Message, Outcome
from signals.standing import Standing, stand
from signals.types import Signal, Trigger

NOW = 20_000 * DAY + 10 * HOUR + 123_456
COOLDOWN_S = 3_600


class FakeRulebook:
    """The priority is the intent; hot from 70 until below 60, warm from 40 until below 30."""

    def priority(self, report: RuleReport, propensity: float | None) -> float:
        return report.intent_points

    def band(self, priority: float, before: str | None) -> str:
        if priority >= (60 if before == "hot" else 70):
            return "hot"
        return "warm" if priority >= (30 if before in {"hot", "warm"} else 40) else "cold"

    def hit_effect(self, hit: Hit, with_model: bool) -> float:
        return hit.points

    def hit_effects(self, hits: Sequence[Hit], with_model: bool) -> list[float]:
        return [hit.points for hit in hits]

    def propensity_points(self, propensity: float) -> float:
        return 50 * propensity

    def cooldown_s(self, signal_type: str) -> int:
        return COOLDOWN_S

    def route(self, facts: Mapping[str, Any]) -> Route:
        return Route("default", facts["owner"] or "desk", ("console", "webhook:crm"), 3_600)


class FakeScorer:
    name, version, alias = "lead_propensity", "7", "champion"
    blend, weight = None, 1.0

    def propensity_at(self, margin: float, rules_margin: float | None = None) -> float:
        return 1 / (1 + 2.718281828459045**-margin)

    def logit_at(self, margin: float) -> float:
        return margin


RULEBOOK: Any = FakeRulebook()
SCORER: Any = FakeScorer()


def report_of(
    intent: float, *, suppressed: bool = False, mqa: bool = False, hits: tuple[Hit, ...] = ()
) -> RuleReport:
    return RuleReport(
        fit_points=50,
        grade="B",
        intent_points=intent,
        negative_points=0.0,
        suppressed=suppressed,
        by=("customer",) if suppressed else (),
        mqa=mqa,
        hits=hits,
        failed=(),
    )


def standing_of(
    priority: float,
    before: str | None = None,
    *,
    lead_id: str = "lead-1",
    score: Score | None = None,
    features: FeatureVector | None = None,
    **report: Any,
) -> Standing:
    found = features or vector(lead_id, "account-1", None, None, NOW)
    scorer = SCORER if score else None
    told = report_of(priority, **report)
    return stand(RULEBOOK, Release(1, 12), scorer, found, told, score, (), before)


def trigger_of(at: int, message_id: str | None = "m-1", **more: Any) -> Trigger:
    told = {"event": "page_viewed", "message_id": message_id, "at": at, "occurred_at": at}
    return Trigger(**(told | more))


def signal_of(number: int = 1, destinations: tuple[str, ...] = ("webhook:crm",)) -> Signal:
    return Signal(
        id=f"signal-{number}",
        source="leadline/test",
        type="lead.hot",
        subject="lead/lead-1",
        time=NOW + number,
        data={
            "lead_id": "lead-1",
            "account_id": None,
            "person": {"first_name": "Ann", "last_name": "Lee", "title": "VP Finance"},
            "company": {"name": "Acme"},
            "score": {
                "priority": 84.0,
                "band": "hot",
                "fit": {"points": 72, "grade": "A"},
                "reasons": [
                    {"kind": "rule", "id": "pricing", "text": "3 pricing visits", "effect": 12.0}
                ],
            },
            "route": {
                "rule": "default",
                "owner": f"rep-{number % 2}",
                "destinations": list(destinations),
                "respond_within_s": 3_600,
            },
            "trigger": {"event": "page_viewed", "message_id": "m-1", "at": ""},
        },
    )


class FakeSender:
    """Answers what it was told to, then that all is well. Remembers what it was sent."""

    pace_s = 0.0

    def __init__(self, *attempts: Attempt) -> None:
        self._attempts = list(attempts)
        self.sent: list[str] = []

    def send(self, message: Message, at: int) -> Attempt:
        self.sent.append(message.id)
        return self._attempts.pop(0) if self._attempts else Attempt(Outcome.DELIVERED, 200)


class Request(msgspec.Struct):
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A real HTTP server on loopback. Answers with the next of `answers`, then with 200 `ok`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.url = ""


@contextmanager
def receiving(certificate: Path | None = None) -> Iterator[Receiver]:
    """With a certificate (and its key, in one file) it speaks TLS."""
    receiver = Receiver()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append(Request(self.path, dict(self.headers.items()), body))
            status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
            self.send_response(status)
            text = b"ok" if status == 200 else b""
            for name, value in {"content-length": str(len(text)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    scheme = "https" if certificate else "http"
    receiver.url = f"{scheme}://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
