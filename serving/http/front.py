"""The application of the api: its own routes first, then the BentoML service in this process."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.dispatch import Dispatcher
from serving.http.tables import DESCRIBED, FRONT, with_documents
from serving.parts import Parts


class Front:
    """Start-up and shut-down are the service's: the parts are opened and closed by the role."""

    def __init__(self, parts: Parts, service: ASGIApp) -> None:
        described = with_documents(DESCRIBED)
        documents = [route for route in described if route not in DESCRIBED]
        self._service = service
        self._routes = Dispatcher((*FRONT, *documents), parts, otherwise=service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._routes(scope, receive, send)
        else:
            await self._service(scope, receive, send)
