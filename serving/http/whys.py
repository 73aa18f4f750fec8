"""Why a lead stands where it stands, and what moved it: the same as `leadline rules explain`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from core.errors import BadRequest, Problem
from serving.http.answers import in_thread, json_answer
from serving.http.reading import moment_of
from serving.parts import Parts
from serving.why.explain import Explanation, explain_now, explain_then
from serving.why.why_changed import Story
from serving.why.why_changed import why_changed as what_moved

T = TypeVar("T")
_PAST = threading.Lock()
"""One question about the past at a time: each reads the lake."""


async def explain(parts: Parts, request: Request) -> Response:
    """With `at` as it was known then; with `version` under those rules."""
    now = parts.clock.now()
    at, version = moment_of(request, "at", now), _version(request)
    lead = request.path_params["lead_id"]

    def work() -> Explanation:
        if at is None:
            loaded = parts.in_force.now()
            return explain_now(parts.installation, parts.engine, lead, now, version, loaded)
        with _PAST:
            return explain_then(parts.installation, parts.engine, lead, at, version)

    return await _answer(parts, work)


async def why_changed(parts: Parts, request: Request) -> Response:
    now = parts.clock.now()
    since = moment_of(request, "since", now)
    if since is None:
        raise _refusal("since", "has to be a moment in ISO 8601")
    lead = request.path_params["lead_id"]

    def work() -> Story:
        with _PAST:
            loaded = parts.in_force.now()
            return what_moved(parts.installation, parts.engine, lead, since, now, loaded)

    return await _answer(parts, work)


async def _answer(parts: Parts, work: Callable[[], T]) -> Response:
    return json_answer(await in_thread(parts, work))


def _version(request: Request) -> int | None:
    told = request.query_params.get("version")
    if told is None:
        return None
    if told.isascii() and told.isdigit() and len(told) < 10:
        return int(told)
    raise _refusal("version", "has to be the number of a version of the rules")


def _refusal(path: str, message: str) -> BadRequest:
    return BadRequest("the request is not understood", problems=[Problem(path, message)])
