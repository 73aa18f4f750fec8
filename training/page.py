"""MLflow's own pages of the installation's models: for reading, on this machine alone.

MLflow's server asks nobody who he is. So it listens on loopback only, answers no request that was
addressed to another host (a web site could have its name point here), and takes no request that
would change anything: what serves is changed by commands, which check it first.

It costs 300 MB once it runs, so that it begins when somebody looks: until then one process holds
the port and waits.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from core.errors import StartError
from core.installation import Installation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
NAMES = frozenset({"127.0.0.1", "localhost"})
READING = ("/search", "/search-datasets", "/graphql", "/batch-get", "/get-history-bulk",
           "/get-latest-versions", "/traces/metrics", "/batchGetInfos",
           "/calculate-filter-correlation")  # fmt: skip
"""How the paths end that are asked with POST and change nothing."""
REFUSED = ("/gateway-proxy",)
"""Asks other servers on our behalf."""
_BACKLOG = 64


def run(installation: Installation, port: int, tell: Callable[[str], None]) -> None:
    """Until it is ended. `port` 0 takes a free one; `tell` hears the address, before anybody looks.

    StartError when the port cannot be had, WorkError when the registry cannot be opened.
    """
    with _listen(port) as door:
        tell(f"http://{HOST}:{door.getsockname()[1]}")
        select.select([door], [], [])
        _serve(guarded(_pages(installation)), door)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port), backlog=_BACKLOG)
    except OSError as problem:
        raise StartError(
            f"port {port} on {HOST} cannot be used: {problem.strerror or problem}",
            do="stop what uses it, or name another with --port",
        ) from problem


def _pages(installation: Installation) -> WSGIApplication:
    """MLflow's application for the installation's store, its server's newer additions (gateway,
    assistant, jobs) left out.
    """
    from scoring import registry

    registry.open_registry(installation)
    uri = f"sqlite:///{registry.store(installation)}"
    from mlflow.server import app
    from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR

    os.environ[BACKEND_STORE_URI_ENV_VAR] = uri
    os.environ[ARTIFACT_ROOT_ENV_VAR] = (installation.mlflow / "artifacts").as_uri()
    pages: WSGIApplication = app.wsgi_app
    return pages


def guarded(pages: WSGIApplication) -> WSGIApplication:
    """Only requests to this machine by name, and only such as read."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        refusal = _refusal(environ)
        if refusal is None:
            return pages(environ, start)
        start("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
        return [refusal.encode()]

    return answer


def _refusal(environ: WSGIEnvironment) -> str | None:
    host = str(environ.get("HTTP_HOST", "")).rpartition(":")[0] or environ.get("HTTP_HOST", "")
    path, method = str(environ.get("PATH_INFO", "")), str(environ.get("REQUEST_METHOD", ""))
    if host not in NAMES:
        return "this page answers on this machine alone\n"
    reads = method in {"GET", "HEAD"} or (method == "POST" and path.endswith(READING))
    if not reads or path.endswith(REFUSED):
        return "this page is for reading: see `leadline promote` and `leadline rollback`\n"
    return None


def _serve(pages: WSGIApplication, door: socket.socket) -> None:
    import logging

    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    port: Any = door.getsockname()[1]
    make_server(HOST, port, pages, threaded=True, fd=door.fileno()).serve_forever()
