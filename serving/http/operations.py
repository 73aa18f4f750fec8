"""Does it live, is it ready, how is it: for whoever runs the api."""

from __future__ import annotations

import asyncio
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from core.database import reading
from core.errors import LeadlineError
from events import progress
from scoring import unfollowed
from serving.figures.heartbeat import LATE_S
from serving.http.answers import in_thread, json_answer
from serving.parts import Parts
from serving.problems import problem

PROBE_S = 2.0
REGISTRY = "registry"
"""Degraded while its champion cannot be followed; scores have what served before."""


async def livez(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    """The loop turns, for it is what answers here: no thread and no store is asked, so that none
    of them can have a healthy process ended, and a blocked loop cannot say `ok`.
    """
    late_s = parts.heartbeat.late_s()
    if late_s > LATE_S:
        return problem(503, "Blocked", f"the timers of the event loop are {late_s:.0f} s late")
    return json_answer({"status": "ok"})


async def readyz(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    """Rules loaded and the log writable. A missing model or online store, and a worker that stands
    still, degrade instead.

    `degraded` names what score answers do without, as they name it themselves; `detail` is there
    when an earlier version of the rules or of the model serves, and says why.
    """
    troubles = [told for told in (await _rules(parts), await _log(parts)) if told]
    if troubles:
        response = problem(503, "Not ready", "; ".join(troubles))
        response.headers["Retry-After"] = "1"
        return response
    loaded = await in_thread(parts, parts.in_force.now)
    degraded = list(loaded.degraded)
    degraded += await in_thread(parts, parts.desk.missing)
    detail = "; ".join(why for why in (loaded.refused_rules, loaded.refused_model) if why)
    told = {"status": "ready", "degraded": degraded, "detail": detail}
    return json_answer({name: value for name, value in told.items() if value})


async def healthz(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    """How far the worker has come, what is in force, what is missing.

    `registry` says why the champion of the model registry is not followed; else it is `ok`.
    """
    return json_answer(await in_thread(parts, _health, parts))


async def metrics(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    told = await in_thread(parts, generate_latest, parts.metrics.registry)
    return Response(told, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _rules(parts: Parts) -> str:
    try:
        await in_thread(parts, parts.in_force.now)
    except (LeadlineError, SQLAlchemyError, KeyError) as trouble:
        return f"no rules could be loaded: {trouble}"
    return ""


async def _log(parts: Parts) -> str:
    """An empty append goes the whole way to the disk."""
    try:
        await asyncio.wait_for(asyncio.wrap_future(parts.log.append([])), PROBE_S)
    except LeadlineError as trouble:
        return trouble.detail
    except TimeoutError:
        return f"the event log did not answer within {PROBE_S:.0f} s"
    return ""


def _health(parts: Parts) -> dict[str, Any]:
    with reading(parts.engine) as connection:
        worker = progress.read(connection)
        registry = unfollowed.trouble(connection)
    last = parts.log.last_offset()
    loaded = parts.in_force.now()
    degraded = [*loaded.degraded, *parts.desk.missing(), *([REGISTRY] if registry else [])]
    return {
        "status": "degraded" if degraded else "ok",
        "log": {"last_offset": last, "accepted": last, "waiting": parts.log.waiting},
        "worker": {
            **worker,
            "lag": last - worker["offset"],
            "caught_up": worker["offset"] >= last,
        },
        "release": {
            "number": loaded.release.number,
            "rules": str(loaded.release.rules_version),
            "model": {"name": loaded.release.model_name, "version": loaded.release.model_version}
            if loaded.scorer
            else None,
        },
        "degraded": degraded,
        "registry": registry or "ok",
    }
