"""A webhook: the CloudEvent, signed as in Standard Webhooks 1.0.0."""

from __future__ import annotations

from core.clock import SECOND
from signals.destinations.attempt import Attempt, Message, Outcome
from signals.destinations.post import Answer, Poster
from signals.destinations.signing import signature_header

_SLOW_DOWN = frozenset({429, 502, 504})
_GONE = 410


class Webhook:
    pace_s = 0.0

    def __init__(self, poster: Poster, keys: list[bytes]) -> None:
        """`keys`: the secret, and the one before it while receivers still use that."""
        self._poster = poster
        self._keys = keys

    def send(self, message: Message, at: int) -> Attempt:
        seconds = at // SECOND
        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "Leadline",
            "webhook-id": message.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature_header(self._keys, message.id, seconds, message.body),
        }
        return _attempt(self._poster.post(message.body, headers, at))


def _attempt(answer: Answer) -> Attempt:
    status = answer.status
    if status is None:
        return Attempt(Outcome.FAILED, None, answer.text)
    if 200 <= status < 300:
        return Attempt(Outcome.DELIVERED, status)
    error = f"the receiver answered {status}"
    if status == _GONE:
        return Attempt(Outcome.GONE, status, error)
    outcome = Outcome.SLOW_DOWN if status in _SLOW_DOWN else Outcome.FAILED
    return Attempt(outcome, status, error, answer.retry_after_s)
