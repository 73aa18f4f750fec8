"""Signals as they come: server-sent events, read from the record four times a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.database import reading
from core.errors import TooMany
from serving.http.answers import in_thread
from serving.parts import Parts
from signals.read import after, newest

POLL_S = 0.25
ALIVE_POLLS = 60
"""After so many silent polls a comment is sent: proxies close what is silent for long."""
MOST_STREAMS = 50
_PIECE = 500


async def stream_signals(parts: Parts, request: Request) -> Response:
    """Those after `Last-Event-ID`, which browsers send when they come back; else from now on."""
    if parts.streams >= MOST_STREAMS:
        raise TooMany(f"{MOST_STREAMS} streams are open already")
    last = request.headers.get("last-event-id", "")
    known = last.isascii() and last.isdigit() and len(last) < 19
    number = int(last) if known else await in_thread(parts, _newest, parts.engine)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(
        _events(parts, number), media_type="text/event-stream", headers=headers
    )


async def _events(parts: Parts, number: int) -> AsyncIterator[bytes]:
    parts.streams += 1
    silent = 0
    try:
        yield b": signals follow\n\n"
        while not parts.closing:
            found = await in_thread(parts, _after, parts.engine, number)
            for at, body in found:
                yield b"id: %d\nevent: signal\ndata: %s\n\n" % (at, body)
                number = at
            silent = 0 if found else silent + 1
            if silent and silent % ALIVE_POLLS == 0:
                yield b": alive\n\n"
            await asyncio.sleep(POLL_S)
    finally:
        parts.streams -= 1


def _newest(engine: sa.Engine) -> int:
    with reading(engine) as connection:
        return newest(connection)


def _after(engine: sa.Engine, number: int) -> list[tuple[int, bytes]]:
    with reading(engine) as connection:
        return after(connection, number, _PIECE)
