"""Reading: leads, accounts, their features, signals, and what became of the last events."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from core.clock import to_iso
from core.database import reading
from core.errors import BadRequest, NotFound, Problem
from events import fates, progress
from events.identity.profile import read_account, read_lead
from serving.http.answers import in_thread, json_answer, limit_of
from serving.http.turn import ask_past
from serving.parts import Parts
from serving.score.asks import Ask, Explain, read_moment
from signals.read import page

LAST_EVENTS = 20
MOST_EVENTS = 500


async def lead(parts: Parts, request: Request) -> Response:
    return _found(await in_thread(parts, _lead, parts.engine, request.path_params["lead_id"]))


def _lead(engine: sa.Engine, lead_id: str) -> dict[str, Any] | None:
    with reading(engine) as connection:
        told = read_lead(connection, lead_id)
        if told is None:
            return None
        return {**told, "last_events": _last_events(connection, lead_id)}


def _last_events(connection: sa.Connection, lead_id: str) -> list[dict[str, Any]]:
    wanted = sa.select(fates.FATE).where(fates.FATE.c.lead_id == lead_id)
    newest = wanted.order_by(fates.FATE.c.offset.desc()).limit(LAST_EVENTS)
    return [
        {**row, "recorded_at": to_iso(row["recorded_at"])}
        for row in connection.execute(newest).mappings()
    ]


async def account(parts: Parts, request: Request) -> Response:
    return _found(await in_thread(parts, _account, parts.engine, request.path_params["account_id"]))


def _account(engine: sa.Engine, account_id: str) -> dict[str, Any] | None:
    with reading(engine) as connection:
        return read_account(connection, account_id)


async def features(parts: Parts, request: Request) -> Response:
    """The vector a score would be made of; with `as_of` as it was then, from the lake."""
    as_of = moment_of(request, "as_of", parts.clock.now())
    ask = Ask((request.path_params["lead_id"],), Explain.NONE, as_of)
    if as_of is None:
        (vector,) = await in_thread(parts, parts.desk.vectors, ask)
    else:
        (vector,) = await ask_past(parts, request, parts.desk.vectors, ask)
    if vector is None:
        raise NotFound("no lead has this id")
    return json_answer(
        {
            "lead_id": vector.lead_id,
            "account_id": vector.account_id,
            "as_of": to_iso(vector.as_of),
            "features": vector.values,
            "capped": vector.capped,
        }
    )


async def signals(parts: Parts, request: Request) -> Response:
    query = request.query_params
    since = moment_of(request, "since", parts.clock.now())
    limit = limit_of(request, 100, 1_000)

    def read() -> dict[str, Any]:
        with reading(parts.engine) as connection:
            return page(
                connection,
                since=since,
                owner=query.get("owner"),
                type=query.get("type"),
                limit=limit,
                cursor=query.get("cursor"),
            )

    return json_answer(await in_thread(parts, read))


async def recent_events(parts: Parts, request: Request) -> Response:
    """Newest first; what the worker has not come to yet is `accepted`."""
    limit = limit_of(request, 50, MOST_EVENTS)
    return json_answer({"events": await in_thread(parts, _recent, parts, limit)})


def _recent(parts: Parts, limit: int) -> list[dict[str, Any]]:
    with reading(parts.engine) as connection:
        done = progress.load(connection).offset
        settled = fates.recent(connection, limit)
    after = max(done, parts.log.last_offset() - limit)
    waiting = [
        {"offset": raw.offset, "recorded_at": to_iso(raw.recorded_at), "fate": "accepted"}
        for raw in reversed(parts.log.read(after, limit))
    ]
    return [*waiting, *settled][:limit]


def moment_of(request: Request, name: str, now: int) -> int | None:
    """A past moment of the query; None where none was asked. BadRequest for anything else."""
    told = request.query_params.get(name)
    if told is None:
        return None
    problems: list[Problem] = []
    # A `+` of a zone, sent as it is, arrives as a space.
    moment = read_moment(told.replace(" ", "+") if "T" in told else told, name, now, problems)
    if problems:
        raise BadRequest("the request is not understood", problems=problems)
    return moment


def _found(told: dict[str, Any] | None) -> Response:
    if told is None:
        raise NotFound("nothing has this id")
    return json_answer(told)
