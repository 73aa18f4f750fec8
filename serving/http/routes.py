"""What a route is. Dispatch, key checks and the OpenAPI document are made from the same tables."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from serving.keys import ApiKey, KeyKind, Scope
from serving.parts import Parts

Endpoint = Callable[[Parts, Request], Awaitable[Response]]

Schema = Mapping[str, Any]
"""A JSON schema, as OpenAPI 3.1 takes it."""


class Route(NamedTuple):
    """One method on one path. `{name}` in the path is one segment of it."""

    method: str
    path: str
    endpoint: Endpoint
    summary: str
    key: KeyKind | None = KeyKind.SECRET
    """The least key that dispatch asks for; None where the endpoint looks itself or none is due."""
    scope: Scope | None = None
    """What the key has to be allowed besides."""
    body: Schema | None = None
    body_type: str = "application/json"
    example: Any = None
    """A body that is understood, to begin with."""
    answer: Schema | None = None
    answer_type: str = "application/json"
    parameters: tuple[Schema, ...] = ()
    refusals: tuple[int, ...] = (400, 403, 503)
    tag: str = "Reading"
    cors: bool = False
    """Pages of other origins may call it: the browser SDK does."""
    shown: bool = True
    """In the OpenAPI document."""


def parameter(where: str, name: str, schema: Schema) -> Schema:
    """A parameter in the `path` (always required), the `query` or a `header`."""
    return {"name": name, "in": where, "schema": schema, "required": where == "path"}


KEY = "leadline.key"
"""Where dispatch leaves the key that it admitted, in the request's scope."""


def key_of(request: Request) -> ApiKey:
    """The key of a request whose route asks for one."""
    key: ApiKey = request.scope[KEY]
    return key
