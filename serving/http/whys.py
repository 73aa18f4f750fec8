"""Why a lead stands where it stands, and what moved it: the same as `leadline rules explain`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from core.errors import BadRequest, Problem
from serving.http.answers import in_thread, json_answer
from serving.http.reading import moment_of
from serving.http.turn import ask_past
from serving.parts import Parts
from serving.why.explain import Explanation, explain_now, explain_then
from serving.why.why_changed import Story
from serving.why.why_changed import why_changed as what_moved


async def explain(parts: Parts, request: Request) -> Response:
    """With `at` as it was known then; with `version` under those rules."""
    now = parts.clock.now()
    at, version = moment_of(request, "at", now), _version(request)
    lead = request.path_params["lead_id"]

    stores = (parts.installation, parts.engine)

    def work() -> Explanation:
        return explain_now(*stores, lead, now, version, parts.in_force.now())

    if at is None:
        return json_answer(await in_thread(parts, work))
    return json_answer(await ask_past(parts, request, explain_then, *stores, lead, at, version))


async def why_changed(parts: Parts, request: Request) -> Response:
    now = parts.clock.now()
    since = moment_of(request, "since", now)
    if since is None:
        raise _refusal("since", "has to be a moment in ISO 8601")
    lead = request.path_params["lead_id"]

    def work() -> Story:
        loaded = parts.in_force.now()
        return what_moved(parts.installation, parts.engine, lead, since, now, loaded)

    return json_answer(await ask_past(parts, request, work))


def _version(request: Request) -> int | None:
    told = request.query_params.get("version")
    if told is None:
        return None
    if told.isascii() and told.isdigit() and len(told) < 10:
        return int(told)
    raise _refusal("version", "has to be the number of a version of the rules")


def _refusal(path: str, message: str) -> BadRequest:
    return BadRequest("the request is not understood", problems=[Problem(path, message)])
