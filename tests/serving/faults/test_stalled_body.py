"""Half a body, and then nothing, at any door that takes bodies."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from core.errors import TooSlow
from serving.http.bodies import read_body
from serving.problems import refuse

LIMIT = 100


def sent(*messages: Message) -> Request:
    """A request of which these have come; whatever else is read of it never comes."""
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError("nothing comes any more")

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def part(body: bytes, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_half_a_body_is_not_waited_for_without_end() -> None:
    """Or a few hundred of them would hold every connection."""
    with pytest.raises(TooSlow, match="did not come to its end in time"):
        asyncio.run(read_body(sent(part(b'{"a', True)), LIMIT, patience_s=0.01))


def test_the_connection_ends_where_half_a_request_stands() -> None:
    """What comes later on it would be read as a request."""
    answer = refuse(TooSlow("late"))
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")


def test_a_body_in_parts_is_read_whole() -> None:
    """Slow senders are no stalled ones."""
    request = sent(part(b'{"a": ', True), part(b"1}", False))
    assert asyncio.run(read_body(request, LIMIT)) == b'{"a": 1}'
