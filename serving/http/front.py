"""The application of the api: its own routes first, then the BentoML service in this process."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.dispatch import Dispatcher
from serving.http.documents import pages
from serving.http.guard import Guard
from serving.http.tables import DESCRIBED, FRONT, SCORES
from serving.parts import Parts

_SCORES = frozenset(route.path for route in SCORES)
"""Known by name, as `/v1/accounts/score` would also be the account whose id is `score`."""


class Front:
    """Start-up and shut-down are the service's: the parts are opened and closed by the role.

    Scores are answered from the table that the service answers them from, without the half
    millisecond that its own layers would take of each.
    """

    def __init__(self, parts: Parts, service: ASGIApp) -> None:
        self._service = service
        self._routes = Dispatcher((*FRONT, *pages(DESCRIBED)), parts, otherwise=service)
        self._scores = Guard(Dispatcher(SCORES, parts), parts.overload, parts.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._service(scope, receive, send)
        elif scope["path"] in _SCORES:
            await self._scores(scope, receive, send)
        else:
            await self._routes(scope, receive, send)
