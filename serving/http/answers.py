"""JSON answers. msgspec writes NaN and infinities as null: never as something that is no JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from core.errors import BadRequest, Problem
from serving.parts import Parts

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


def json_answer(told: Any, status: int = 200) -> Response:
    return Response(_encode(told), status, media_type="application/json")


async def in_thread(parts: Parts, work: Callable[..., T], *arguments: Any) -> T:
    """Stores block; the loop that accepts events must not."""
    return await asyncio.get_running_loop().run_in_executor(parts.threads, work, *arguments)


def limit_of(request: Request, default: int, most: int) -> int:
    """The query's `limit`. BadRequest unless it is a whole number from 1 to `most`."""
    told = request.query_params.get("limit", str(default))
    if told.isascii() and told.isdigit() and 1 <= int(told[:9]) <= most:
        return int(told)
    raise BadRequest(
        "the request is not understood",
        problems=[Problem("limit", f"has to be a whole number from 1 to {most}")],
    )
