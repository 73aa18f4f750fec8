"""A table of routes as an ASGI application: match, check the key, answer, count."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import NotFound
from serving.http.credentials import admit, allow, shown_key
from serving.http.routes import KEY, Route
from serving.parts import Parts
from serving.problems import answer_problem, problem

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "authorization, content-type, content-encoding",
    "Access-Control-Max-Age": "86400",
}
_ANYBODY = "Access-Control-Allow-Origin"

Methods = dict[str, Route]


class Dispatcher:
    """Answers what its table knows and hands the rest on; without `otherwise` that is a 404."""

    def __init__(
        self, routes: Sequence[Route], parts: Parts, otherwise: ASGIApp | None = None
    ) -> None:
        self._parts = parts
        self._otherwise = otherwise
        self._exact: dict[str, Methods] = {}
        self._patterns: list[tuple[re.Pattern[str], Methods]] = []
        by_path: dict[str, Methods] = {}
        for route in routes:
            by_path.setdefault(route.path, {})[route.method] = route
        for path, methods in by_path.items():
            if "{" in path:
                self._patterns.append((_pattern(path), methods))
            else:
                self._exact[path] = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        methods = self._match(scope)
        if methods is None and self._otherwise is not None:
            await self._otherwise(scope, receive, send)
            return
        try:
            response = await self._answer(methods, Request(scope, receive))
        except ClientDisconnect:
            return  # nobody is left to be answered
        await response(scope, receive, send)

    def route_of(self, scope: Scope) -> Route | None:
        """The route of a request, if the table has one for it."""
        methods = self._match(scope) or {}
        return methods.get("GET" if scope["method"] == "HEAD" else scope["method"])

    def refused(self, scope: Scope, status: int) -> None:
        """Counts a request that was answered before it came here."""
        if route := self.route_of(scope):
            self._parts.metrics.refused(route.method, route.path, status)

    def _match(self, scope: Scope) -> Methods | None:
        """The methods of the path; what stood in its `{…}` is put into the scope."""
        path = scope["path"]
        if (methods := self._exact.get(path)) is not None:
            return methods
        for pattern, methods in self._patterns:
            if found := pattern.fullmatch(path):
                scope["path_params"] = found.groupdict()
                return methods
        return None

    async def _answer(self, methods: Methods | None, request: Request) -> Response:
        if methods is None:
            return answer_problem(NotFound("nothing is here", do="GET /docs shows what is"))
        method = "GET" if request.method == "HEAD" else request.method
        route = methods.get(method)
        if route is None:
            return _other_method(method, methods)
        started = time.perf_counter()
        response = await self._run(route, request)
        if route.cors:
            response.headers[_ANYBODY] = "*"
        spent = time.perf_counter() - started
        self._parts.metrics.answered(route.method, route.path, response.status_code, spent)
        return response

    async def _run(self, route: Route, request: Request) -> Response:
        try:
            if route.key is not None:
                key = admit(self._parts.keys, shown_key(request), route.key)
                if route.scope is not None:
                    allow(key, route.scope)
                request.scope[KEY] = key
            return await route.endpoint(self._parts, request)
        except ClientDisconnect:
            raise
        except Exception as trouble:  # noqa: BLE001 - each becomes a problem document
            return answer_problem(trouble)


def _other_method(method: str, methods: Methods) -> Response:
    allowed = ", ".join(sorted({*methods, "OPTIONS"}))
    if method == "OPTIONS":
        cors = any(route.cors for route in methods.values())
        headers = {"Allow": allowed} | ({**_PREFLIGHT, _ANYBODY: "*"} if cors else {})
        return Response(status_code=204, headers=headers)
    told = f"this path answers {', '.join(sorted(methods))}"
    response = problem(405, "Method not allowed", told)
    response.headers["Allow"] = allowed
    return response


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    told = [f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts)]
    return re.compile("".join(told))
