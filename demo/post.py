"""Calls to the historical door, in order, as a backfill would post them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import httpx
import msgspec

from core.errors import WorkError

MOST_EVENTS = 500
MOST_BYTES = 480_000
"""Below Segment's 500 KB a batch."""
PATIENCE_S = 60.0
"""So long a batch is offered again while the api is full."""
_ASK_AGAIN = frozenset({429, 503})
_HEAD, _TAIL = b'{"batch":[', b"]}"


class Batch(NamedTuple):
    body: bytes
    events: int


class Posted(msgspec.Struct):
    """posted = accepted + refused. `problem` is the door's word on the first refused batch."""

    accepted: int = 0
    refused: int = 0
    problem: str = ""


def batches(calls: Iterable[bytes]) -> Iterator[Batch]:
    """Bodies for `/v1/import`; a call larger than a batch may be stands alone and is refused."""
    held: list[bytes] = []
    size = len(_HEAD) + len(_TAIL)
    for call in calls:
        if held and (len(held) == MOST_EVENTS or size + len(call) + 1 > MOST_BYTES):
            yield _batch(held)
            held, size = [], len(_HEAD) + len(_TAIL)
        held.append(call)
        size += len(call) + 1
    if held:
        yield _batch(held)


def _batch(held: list[bytes]) -> Batch:
    return Batch(_HEAD + b",".join(held) + _TAIL, len(held))


def post(
    client: httpx.Client,
    calls: Iterable[bytes],
    advance: Callable[[int], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Posted:
    """Posts all calls over one connection, one batch after the other: order is part of history.

    `client` carries base address and key. `advance` is told the events of each answered batch.
    WorkError when the api goes away: what was in flight may or may not have been accepted.
    """
    posted = Posted()
    for batch in batches(calls):
        answer = _offer(client, batch, sleep)
        if answer.status_code == 200:
            posted.accepted += batch.events
        else:
            posted.refused += batch.events
            posted.problem = posted.problem or f"{answer.status_code}: {answer.text[:300]}"
        advance(batch.events)
    return posted


def _offer(client: httpx.Client, batch: Batch, sleep: Callable[[float], None]) -> httpx.Response:
    """429 and 503 mean that nothing was accepted: the same batch again, when they say so."""
    waited = 0.0
    while True:
        try:
            answer = client.post(
                "/v1/import", content=batch.body, headers={"content-type": "application/json"}
            )
        except httpx.TransportError as problem:
            raise WorkError(f"the api went away while history was posted: {problem!r}") from problem
        if answer.status_code not in _ASK_AGAIN or waited >= PATIENCE_S:
            return answer
        pause = retry_after_s(answer)
        sleep(pause)
        waited += pause


def retry_after_s(answer: httpx.Response) -> float:
    """Seconds from `Retry-After`, between 0.1 and 30; 1 where it is missing or a date."""
    try:
        told = float(answer.headers.get("retry-after", ""))
    except ValueError:
        return 1.0
    return min(max(told, 0.1), 30.0)
