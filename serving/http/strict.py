"""Bodies of score calls. Stricter than those of events, whose senders cannot always be corrected:
one limit, one kind of content, and no name twice, for of two answers to one question one is wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from starlette.requests import Request

from core.errors import BadRequest, Problem, UnsupportedMedia
from serving.http.bodies import parse_object, read_body, too_deep
from serving.http.fields import MOST_TOLD

T = TypeVar("T")
TROUBLE = "leadline.trouble"
"""Where the guard leaves what is wrong with a request's headers: it is refused with the rest."""

_TYPES = frozenset(
    {
        "",
        "application/json",
        "text/plain",
        "application/octet-stream",
        "application/x-www-form-urlencoded",  # what `curl -d` says of whatever it sends
    }
)


async def read_ask(request: Request, limit: int, read: Callable[[dict[str, Any]], T]) -> T:
    """What `read` makes of a body of `limit` bytes at most, packed as well as unpacked.

    UnsupportedMedia for what does not say that it is JSON, TooLarge, and BadRequest with every
    problem: those that `read` finds, of the headers, and names that stand there twice.
    """
    _check_type(request.headers.get("content-type", ""))
    body = await read_body(request, limit, factor=1)
    return _beside(_of_headers(request), lambda: _understand(body, read))


def _understand(body: bytes, read: Callable[[dict[str, Any]], T]) -> T:
    told = parse_object(body)
    try:
        twice = repeated(body, told)
    except RecursionError as wrong:  # this walk needs more room than the one that parsed it
        raise too_deep() from wrong
    return _beside(_repeated(twice), lambda: read(told))


def understand_query(request: Request, read: Callable[[Mapping[str, str]], T]) -> T:
    """What `read` makes of the query. BadRequest with every problem, as `read_ask`."""
    query = request.query_params
    counted = Counter(name for name, _ in query.multi_items())
    twice = [name for name, times in counted.items() if times > 1]
    return _beside([*_of_headers(request), *_repeated(twice)], lambda: read(query))


def _of_headers(request: Request) -> list[Problem]:
    trouble: Problem | None = request.scope.get(TROUBLE)
    return [trouble] if trouble else []


def _repeated(twice: Sequence[str]) -> list[Problem]:
    return [Problem(name[:40], "stands there more than once") for name in twice[:MOST_TOLD]]


def _beside(problems: Sequence[Problem], read: Callable[[], T]) -> T:
    """What is read, unless there are problems: then all of them, with those of `read` behind."""
    try:
        asked = read()
    except BadRequest as wrong:
        told = (*problems, *wrong.problems)
        raise BadRequest(wrong.detail, do=wrong.do, problems=told) from wrong
    if problems:
        raise BadRequest("the request is not understood", problems=problems)
    return asked


def repeated(body: bytes, told: object) -> list[str]:
    """Names that an object of the body has more than once; `told` is what it was parsed into.

    A name needs a colon: with no more colons than names that are left, no name was lost.
    """
    if body.count(b":") == _names(told):
        return []
    twice: dict[str, None] = {}

    def look(pairs: list[tuple[str, Any]]) -> None:
        seen = set()
        for name, _ in pairs:
            if name in seen:
                twice[name] = None
            seen.add(name)

    json.loads(body, object_pairs_hook=look)
    return list(twice)


def _names(told: object) -> int:
    if isinstance(told, dict):
        return len(told) + sum(map(_names, told.values()))
    if isinstance(told, list):
        return sum(map(_names, told))
    return 0


def _check_type(told: str) -> None:
    kind = told.partition(";")[0].strip().lower()
    if kind not in _TYPES and not kind.endswith("+json"):
        raise UnsupportedMedia(f"content type {kind[:40]!r} is not known", do="send JSON")
