"""The score calls: they live in the BentoML service, which the api runs in its own process."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from core.errors import NotFound
from serving.accounts import score_account
from serving.asks import Ask, read_account, read_many, read_one, read_query
from serving.http.answers import in_thread, json_answer
from serving.http.bodies import parse_object, read_body
from serving.parts import Parts

NOT_FOUND = {"error": "not_found"}


async def score(parts: Parts, request: Request) -> Response:
    body = await read_body(request, parts.settings.api.max_body_bytes)
    return await _one(parts, read_one(parse_object(body), parts.clock.now()))


async def score_query(parts: Parts, request: Request) -> Response:
    return await _one(parts, read_query(request.query_params, parts.clock.now()))


async def score_batch(parts: Parts, request: Request) -> Response:
    body = await read_body(request, parts.settings.api.max_body_bytes)
    ask = read_many(parse_object(body), parts.clock.now())
    answers = await in_thread(parts, parts.desk.score, ask)
    return json_answer({"results": [told or NOT_FOUND for told in answers]})


async def score_one_account(parts: Parts, request: Request) -> Response:
    body = await read_body(request, parts.settings.api.max_body_bytes)
    told = await in_thread(parts, score_account, parts, read_account(parse_object(body)))
    if told is None:
        raise NotFound("no account is known by that")
    return json_answer(told)


async def _one(parts: Parts, ask: Ask) -> Response:
    (told,) = await in_thread(parts, parts.desk.score, ask)
    if told is None:
        raise NotFound("nobody is known by that identifier")
    return json_answer(told)
