"""The OpenAPI 3.1 document, written from the tables of routes, and a page to read it.

The page's scripts are those that BentoML ships: nothing is fetched from elsewhere.
"""

from __future__ import annotations

import importlib.util
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from core.errors import NotFound
from serving.http.answers import json_answer
from serving.http.routes import Route
from serving.http.rules_schemas import RULE_SCHEMAS
from serving.http.schemas import SCHEMAS, ref
from serving.http.scores import SCORE_ID
from serving.http.why_schemas import WHY_SCHEMAS
from serving.parts import Parts
from serving.problems import MEDIA_TYPE

VERSION = "1"
_REASONS = {
    400: "Not understood; `problems` names everything that is wrong.",
    403: "No key, an unknown one, or one without the right.",
    404: "Nobody and nothing is known by that.",
    408: "The body did not come to its end in time: five seconds for scores, else sixty.",
    409: "Somebody was faster; `detail` says who. Nothing was changed.",
    413: "The body is far too large.",
    415: "The body is no JSON, or says so.",
    429: "Too many at once; see `Retry-After`.",
    503: "Not now; see `Retry-After`. Nothing was accepted.",
    504: "The milliseconds are over that the request's header `X-Request-Timeout-Ms` allows.",
}
_COME_BACK = (429, 503)
_ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css")
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Leadline API</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<style>body { margin: 0; } .swagger-ui .scheme-container { box-shadow: none; }
.swagger-ui .operation-servers { display: none; }</style></head>
<body><div id="page"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/docs.json", dom_id: "#page", deepLinking: true,
tryItOutEnabled: true, displayRequestDuration: true, defaultModelsExpandDepth: 0});</script>
</body></html>
"""
_ABOUT = """Raw B2B events in, explained scores and routed signals out.

A **write key** sends events and nothing else, and may stand in a web page; a **secret key** reads
and scores: `leadline keys create --kind secret`. Either is the user name of Basic authorization,
without a password, or a Bearer token; *Authorize* takes it for the calls of this page.

What is wrong with a request is told all at once, as `application/problem+json`. An answer that had
to do without something names it in `degraded`.
"""
_TAGS = {
    "Events": "What people did, in Segment's or CloudEvents' words. 200 means: it is on the disk.",
    "Scores": "Where a lead or a company stands now, or stood at a past moment, and why.",
    "Reading": "Profiles, features, signals, and what became of events.",
    "Rules": "Edit, try, publish and take back what people say about leads.",
    "Operations": "For whoever runs it; no key needed.",
}


def pages(tables: Sequence[Route]) -> tuple[Route, ...]:
    """`/docs`, `/docs.json`, and the page's own files."""
    document = openapi(tables)

    async def as_json(parts: Parts, request: Request) -> Response:  # noqa: ARG001
        return json_answer(document)

    return (
        Route("GET", "/docs.json", as_json, "This document.", None, shown=False),
        Route("GET", "/docs", _page, "This page.", None, shown=False),
        Route("GET", "/docs/{name}", _asset, "A file of this page.", None, shown=False),
    )


async def _page(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    return HTMLResponse(_PAGE)


async def _asset(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    name = request.path_params["name"]
    spec = importlib.util.find_spec("bentoml")
    if name not in _ASSETS or spec is None or spec.origin is None:
        raise NotFound("the page has no such file")
    file = Path(spec.origin).parent / "_internal" / "server" / "static_content" / name
    return Response(file.read_bytes(), media_type=mimetypes.guess_type(name)[0])


def openapi(tables: Sequence[Route]) -> dict[str, Any]:
    """The document of the routes that are shown."""
    paths: dict[str, dict[str, Any]] = {}
    for route in tables:
        if route.shown:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadline",
            "version": VERSION,
            "description": _ABOUT,
        },
        "tags": [
            {"name": name, "description": about}
            for name, about in _TAGS.items()
            if name in {route.tag for route in tables}
        ],
        "paths": paths,
        "components": {
            "schemas": {**SCHEMAS, **RULE_SCHEMAS, **WHY_SCHEMAS},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic", "description": "key as user name"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"basic": []}, {"bearer": []}],
    }


def _operation(route: Route) -> dict[str, Any]:
    content = {route.answer_type: {"schema": route.answer or {}}}
    told: dict[str, Any] = {
        "summary": route.summary,
        "tags": [route.tag],
        "operationId": f"{route.method.lower()}{route.path.replace('/', '_')}".translate(_PLAIN),
        "responses": {
            "200": {"description": "Done.", "content": content, **_named(route)},
            **{str(status): _refusal(status) for status in route.refusals},
        },
    }
    if route.parameters:
        told["parameters"] = list(route.parameters)
    if route.body is not None:
        body = {"schema": route.body}
        if route.example is not None:
            body["example"] = route.example
        told["requestBody"] = {"required": True, "content": {route.body_type: body}}
    if route.tag == "Operations" or route.path.startswith(("/v1/pixel", "/v1/projects")):
        told["security"] = []
    return told


def _named(route: Route) -> dict[str, Any]:
    """Each score answer has an id, by which it can be made again."""
    about = "what `leadline score --replay` takes"
    header = {SCORE_ID: {"schema": {"type": "string"}, "description": about}}
    return {"headers": header} if route.tag == "Scores" else {}


def _refusal(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": ref("Problem")}}
    told: dict[str, Any] = {"description": _REASONS[status], "content": content}
    if status in _COME_BACK:
        told["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return told


_PLAIN = str.maketrans({"{": None, "}": None, ".": "_"})
