"""The far end: receives signed webhooks and Slack messages on loopback, and keeps the signals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

WEBHOOK_PATH, SLACK_PATH = "/crm", "/slack"
_MOST_BYTES = 1_000_000
_MOST_BLOCKS = 50


class Arrival(NamedTuple):
    """A signal whose signature held. `at` is `time.perf_counter()` when its body had been read."""

    signal: dict[str, Any]
    at: float


class Answer(NamedTuple):
    status: int
    text: str


class Receiver:
    """Use as a context manager; listens on a free port while the block runs."""

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._arrived = threading.Condition()
        self.arrivals: list[Arrival] = []
        """Each signal once, however often it was delivered."""
        self.refused = 0
        self.slack_messages = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _door(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def wait_for(
        self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float
    ) -> Arrival | None:
        """The first arrival that is `wanted`, come or to come; None when time is over."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._first(wanted), timeout_s)

    def wait_for_slack(self, timeout_s: float) -> bool:
        """Whether a Slack message came, or comes in time."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self.slack_messages > 0, timeout_s)

    def _first(self, wanted: Callable[[dict[str, Any]], bool]) -> Arrival | None:
        return next((one for one in self.arrivals if wanted(one.signal)), None)

    def take(self, path: str, headers: dict[str, str], body: bytes, at: float) -> Answer:
        """What the far end answers to one POST."""
        if path == WEBHOOK_PATH:
            return self._take_webhook(headers, body, at)
        return self._take_slack(body) if path == SLACK_PATH else Answer(404, "no_service")

    def _take_webhook(self, headers: dict[str, str], body: bytes, at: float) -> Answer:
        try:
            signal = self._webhook.verify(body, headers)
        except (WebhookVerificationError, ValueError) as problem:
            with self._arrived:
                self.refused += 1
            return Answer(401, f"the signature does not hold: {problem}")
        with self._arrived:
            if all(known.signal["id"] != signal["id"] for known in self.arrivals):
                self.arrivals.append(Arrival(signal, at))
                self._arrived.notify_all()
        return Answer(200, "ok")

    def _take_slack(self, body: bytes) -> Answer:
        if not is_slack_message(body):
            return Answer(400, "invalid_payload")
        with self._arrived:
            self.slack_messages += 1
            self._arrived.notify_all()
        return Answer(200, "ok")


def is_slack_message(body: bytes) -> bool:
    """Slack's shape: a fallback text, and at most 50 blocks that each name their type."""
    try:
        message = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return False
    if not isinstance(message, dict) or not isinstance(message.get("text"), str):
        return False
    blocks = message.get("blocks", [])
    return (
        isinstance(blocks, list)
        and len(blocks) <= _MOST_BLOCKS
        and all(isinstance(block, dict) and "type" in block for block in blocks)
    )


def _door(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            if length > _MOST_BYTES:
                self.close_connection = True
                self._answer(Answer(413, "too large"))
                return
            body = self.rfile.read(length)
            at = time.perf_counter()
            self._answer(receiver.take(self.path, dict(self.headers.items()), body, at))

        def _answer(self, answer: Answer) -> None:
            text = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Quiet: the demo tells what arrived."""

    return Door
