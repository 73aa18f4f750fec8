"""A span a request, around the application; not for probes, which come by every few seconds."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.figures.tracing import Tracing
from serving.http.dispatch import Dispatcher
from serving.http.routes import Route
from serving.parts import Parts

_CARRIED = frozenset({b"traceparent", b"tracestate", b"baggage"})
_UNTRACED = "Operations"


def traced(app: ASGIApp, parts: Parts, routes: Sequence[Route]) -> ASGIApp:
    """The application itself where nothing is traced."""
    if parts.tracing is None:
        return app
    shown = [route for route in routes if route.tag != _UNTRACED]
    return Traced(app, parts.tracing, Dispatcher(shown, parts))


class Traced:
    """Names a span after the route's template: neither ids nor queries leave the process."""

    def __init__(self, app: ASGIApp, tracing: Tracing, routes: Dispatcher) -> None:
        self._app = app
        self._tracing = tracing
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.route_of(scope) if scope["type"] == "http" else None
        if route is None:
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): told.decode("latin-1")
            for name, told in scope["headers"]
            if name in _CARRIED
        }
        told = {"http.request.method": route.method, "http.route": route.path}
        with self._tracing.request(f"{route.method} {route.path}", headers, **told) as span:

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        self._tracing.failed(span)
                await send(message)

            await self._app(scope, receive, sent)
