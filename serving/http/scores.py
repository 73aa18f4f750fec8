"""The score calls: they live in the BentoML service, which the api runs in its own process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound
from serving.http.answers import in_thread, json_answer
from serving.http.strict import read_ask, understand_query
from serving.http.turn import ask_past, turn_of
from serving.kept.call_log import new_id
from serving.parts import Parts
from serving.score.accounts import find_people, score_account
from serving.score.asks import Ask, read_account, read_many, read_one, read_query

T = TypeVar("T")
NOT_FOUND = {"error": "not_found"}
SCORE_ID = "X-Leadline-Score-Id"
"""What `leadline score --replay` takes."""


async def score(parts: Parts, request: Request) -> Response:
    now = parts.clock.now()
    ask = await read_ask(request, _limit(parts), lambda one: read_one(one, now))
    return await _one(parts, request, ask)


async def score_query(parts: Parts, request: Request) -> Response:
    now = parts.clock.now()
    ask = understand_query(request, lambda query: read_query(query, now))
    return await _one(parts, request, ask)


async def score_batch(parts: Parts, request: Request) -> Response:
    now = parts.clock.now()
    many = await read_ask(request, _limit(parts), lambda told: read_many(told, now))
    ask = many._replace(id=new_id(now), arrived=time.perf_counter())
    if ask.as_of is None:
        turn_of(request).take(len(ask.people))
        answers = await in_thread(parts, parts.desk.score, ask)
    else:
        answers = await ask_past(parts, request, parts.desk.score, ask)
    return _answer({"results": [told or NOT_FOUND for told in answers]}, ask.id)


async def score_one_account(parts: Parts, request: Request) -> Response:
    one = await read_ask(request, _limit(parts), read_account)
    ask = one._replace(id=new_id(parts.clock.now()), arrived=time.perf_counter())
    turn = turn_of(request)
    turn.take(1)
    account = await in_thread(parts, _timed(parts, find_people), parts.engine, ask)
    if account is None:
        raise NotFound("no account is known by that")
    turn.take(len(account.scored))
    told = await in_thread(parts, _timed(parts, score_account), parts, ask, account)
    return _answer(told, ask.id)


def _timed(parts: Parts, work: Callable[..., T]) -> Callable[..., T]:
    """How long it waits for a thread is told."""
    asked = time.perf_counter()

    def begin(*arguments: Any) -> T:
        parts.metrics.waited(time.perf_counter() - asked)
        return work(*arguments)

    return begin


def _limit(parts: Parts) -> int:
    return parts.settings.api.max_body_bytes


async def _one(parts: Parts, request: Request, ask: Ask) -> Response:
    named = ask._replace(id=new_id(parts.clock.now()), arrived=time.perf_counter())
    if ask.as_of is None:
        turn_of(request).take(1)
        (told,) = await parts.together.ask(named)
    else:
        (told,) = await ask_past(parts, request, parts.desk.score, named)
    if told is None:
        raise NotFound("nobody is known by that identifier")
    return _answer(told, named.id)


def _answer(told: Any, score_id: str) -> Response:
    response = json_answer(told)
    response.headers[SCORE_ID] = score_id
    return response
