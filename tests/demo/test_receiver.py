"""The far end believes nothing without a signature that holds, over real HTTP."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks import Webhook

from demo.folder import new_webhook_secret
from demo.receiver import SLACK_PATH, WEBHOOK_PATH, Receiver, is_slack_message

SECRET = new_webhook_secret()
SIGNAL = {"id": "s-1", "type": "lead.hot", "data": {}}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(SECRET) as running:
        yield running


def send(receiver: Receiver, signal: object, secret: str = SECRET) -> int:
    body = json.dumps(signal)
    now = dt.datetime.now(dt.UTC)
    headers = {
        "webhook-id": "s-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("s-1", now, body),
    }
    return httpx.post(receiver.url(WEBHOOK_PATH), content=body, headers=headers).status_code


def test_a_signed_signal_arrives(receiver: Receiver) -> None:
    """The demo counts what a real receiver would have believed."""
    assert send(receiver, SIGNAL) == 200
    assert [arrival.signal for arrival in receiver.arrivals] == [SIGNAL]


def test_a_signal_delivered_again_counts_once(receiver: Receiver) -> None:
    """Delivery is at least once: the stable id is what makes it once."""
    assert [send(receiver, SIGNAL), send(receiver, SIGNAL)] == [200, 200]
    assert len(receiver.arrivals) == 1


def test_a_wrong_signature_is_refused(receiver: Receiver) -> None:
    """Anybody can post to a URL; only the holder of the secret can sign."""
    assert send(receiver, SIGNAL, new_webhook_secret()) == 401
    assert receiver.arrivals == []
    assert receiver.refused == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-id": "a", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"},
        {"webhook-id": "a", "webhook-timestamp": "x", "webhook-signature": "v1,AAAA"},
        {"webhook-id": "a", "webhook-timestamp": "9999999999", "webhook-signature": "v1,!!"},
    ],
)
def test_a_missing_or_broken_signature_is_refused(
    receiver: Receiver, headers: dict[str, str]
) -> None:
    """Also when the header cannot even be read: refused, and the receiver goes on."""
    answer = httpx.post(receiver.url(WEBHOOK_PATH), content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert send(receiver, SIGNAL) == 200


def test_who_waits_is_woken_by_the_arrival(receiver: Receiver) -> None:
    """The measured time ends at the arrival, not at the next look."""
    later = threading.Timer(0.05, send, (receiver, SIGNAL))
    later.start()
    arrival = receiver.wait_for(lambda signal: signal["type"] == "lead.hot", timeout_s=5)
    later.join()
    assert arrival is not None
    assert arrival.signal == SIGNAL


def test_waiting_ends(receiver: Receiver) -> None:
    """A signal that never comes is an answer as well."""
    assert receiver.wait_for(lambda _: True, timeout_s=0.01) is None
    assert not receiver.wait_for_slack(timeout_s=0.01)


def test_slack_takes_its_own_shape_only(receiver: Receiver) -> None:
    """Slack refuses what has no fallback text or too many blocks."""
    good = {"text": "hot", "blocks": [{"type": "section"}]}
    assert httpx.post(receiver.url(SLACK_PATH), json=good).text == "ok"
    assert receiver.slack_messages == 1
    assert receiver.wait_for_slack(timeout_s=0.01)
    for wrong in ([], {}, {"text": 1}, {"text": "", "blocks": [{}]}, {"text": "", "blocks": 3}):
        assert httpx.post(receiver.url(SLACK_PATH), json=wrong).status_code == 400
    assert not is_slack_message(b"no json")
    many = {"text": "", "blocks": [{"type": "divider"}] * 51}
    assert not is_slack_message(json.dumps(many).encode())


def test_other_paths_are_not_there(receiver: Receiver) -> None:
    """A destination with a wrong URL must not look delivered."""
    assert httpx.post(receiver.url("/elsewhere"), json={}).status_code == 404
