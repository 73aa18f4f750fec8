"""Request bodies: read up to a cap, unzipped up to the same cap, parsed strictly."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import msgspec
from starlette.requests import Request

from core.errors import BadRequest, Problem, TooLarge, TooSlow

CAP_FACTOR = 4
"""Beyond this many times the limit a body is not even read to its end."""

BODY_S = 60.0
"""How long a body may take, largest batches over slow lines included: who sends half of one holds a
connection for no longer. Score calls have less (`serving/http/guard.py`).
"""

_GZIP = 16 + zlib.MAX_WBITS
_decode = msgspec.json.Decoder().decode


async def read_body(
    request: Request, limit: int, factor: int = CAP_FACTOR, patience_s: float = BODY_S
) -> bytes:
    """The body, unzipped. BadRequest above `limit` bytes, TooLarge above `factor` times as many,
    TooSlow where it does not end within `patience_s`.

    Unzipping stops at the cap as well: a small body may not blow up into a large one.
    """
    cap = limit * factor
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > cap:
        raise _too_large(cap)
    try:
        async with asyncio.timeout(patience_s):
            told = await _read(request, cap)
    except TimeoutError as late:
        raise TooSlow("the body did not come to its end in time", do="send it at once") from late
    body = _unzip(told, request.headers.get("content-encoding", ""), cap)
    if len(body) > limit:
        raise BadRequest(f"the body has {len(body)} bytes; at most {limit}", do="send less at once")
    return body


async def _read(request: Request, cap: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > cap:
            raise _too_large(cap)
        parts.append(part)
    return b"".join(parts)


def _unzip(body: bytes, encoding: str, cap: int) -> bytes:
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzip(body, cap)
        case other:
            raise BadRequest(f"content encoding {other[:40]!r} is not known", do="use gzip or none")


def _gunzip(body: bytes, cap: int) -> bytes:
    """All members of a gzip file, each checked by its checksum."""
    whole = bytearray()
    while body:
        member = zlib.decompressobj(_GZIP)
        try:
            whole += member.decompress(body, cap + 1 - len(whole))
        except zlib.error as wrong:
            raise BadRequest(f"the body is no valid gzip: {wrong}") from wrong
        if len(whole) > cap:
            raise _too_large(cap)
        if not member.eof:
            raise BadRequest("the gzip body ends too early")
        body = member.unused_data
    return bytes(whole)


def _too_large(cap: int) -> TooLarge:
    return TooLarge(f"the body is larger than {cap} bytes", do="send less at once")


def parse(body: bytes) -> Any:
    """JSON → Python. BadRequest says where it breaks; NaN and Infinity are no JSON."""
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as wrong:
        raise BadRequest(f"the body is no valid JSON: {wrong}") from wrong
    except RecursionError as wrong:
        raise too_deep() from wrong


def too_deep() -> BadRequest:
    """For a body that is nested more deeply than whoever walks through it can follow."""
    return BadRequest("the body is no valid JSON for us: it is nested too deeply")


def parse_object(body: bytes) -> dict[str, Any]:
    """The same for a body that has to be an object."""
    told = parse(body)
    if not isinstance(told, dict):
        raise BadRequest(
            "the body has to be a JSON object",
            problems=[Problem("", f"is {kind_of(told)}, not an object")],
        )
    return told


_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "a text",
          list: "an array", dict: "an object", type(None): "null"}  # fmt: skip


def kind_of(value: object) -> str:
    """What a JSON value is, in a sender's words."""
    return _KINDS.get(type(value), type(value).__name__)
