"""Every refusal over HTTP is `application/problem+json` (RFC 9457), made here and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from core.errors import LeadlineError, Problem, RequestError, TooSlow, Unavailable

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)


def answer_problem(trouble: Exception) -> Response:
    """The answer for an exception; one that is none of ours is logged and tells nothing inside."""
    if isinstance(trouble, RequestError):
        return refuse(trouble)
    if isinstance(trouble, SQLAlchemyError | RedisError):
        _log.error("a store is out of reach: %s", trouble)
        return refuse(Unavailable("a store is out of reach", do="try again shortly"))
    if isinstance(trouble, LeadlineError):
        _log.error("%s", " ".join(trouble.lines()))
        return refuse(Unavailable(trouble.detail, do="the operator finds more in the log"))
    _log.error("a request failed", exc_info=trouble)
    return problem(500, "Internal error", "this should not happen; the log of the api says more")


def refuse(trouble: RequestError) -> Response:
    """A RequestError as its answer, with `Retry-After` where coming back makes sense."""
    detail = f"{trouble.detail}; {trouble.do}" if trouble.do else trouble.detail
    response = problem(trouble.status, trouble.title, detail, trouble.problems)
    if isinstance(trouble, TooSlow):  # the rest of its body is no request
        response.headers["Connection"] = "close"
    if trouble.retry_after_s is not None:
        response.headers["Retry-After"] = str(max(1, round(trouble.retry_after_s)))
    return response


def problem(status: int, title: str, detail: str, problems: Sequence[Problem] = ()) -> Response:
    told: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    told["detail"] = detail
    if problems:
        told["problems"] = [{"path": one.path, "message": one.message} for one in problems]
    return Response(msgspec.json.encode(told), status, media_type=MEDIA_TYPE)
