"""The api: one process, one loop, one port. Accepts events, answers scores, says how it is."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading

import uvicorn
import uvloop

from core.clock import SystemClock
from core.errors import StartError
from core.installation import Installation
from core.settings import Api, Settings
from serving.figures.tracing import tracing_of
from serving.http.front import Front
from serving.http.protocol import HttpProtocol
from serving.http.tables import DESCRIBED
from serving.http.traced import traced
from serving.parts import Parts
from serving.running.collecting import collect_seldom
from serving.running.keeping import keep_freed_memory
from serving.running.listening import listening
from serving.running.renewal import Renewal
from serving.running.tls import context_of
from serving.running.yielding import yield_soon

LOOK_S = 0.05
DRAIN_S = 5
"""How long requests that are under way may take once the api is asked to stop."""


def run(installation: Installation, settings: Settings, stop: threading.Event) -> None:
    """Until `stop`: what is under way is answered, what waits in the log is written.

    StartError when the port, the certificate or a part of the installation cannot be had.
    """
    tls = context_of(settings.api, SystemClock().now())
    with _listen(settings.api) as door:
        parts = Parts(installation, settings, tracing=tracing_of("api"))
        try:
            parts.in_force.now()  # wrong rules stop the start, not a request
            runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
            with listening(installation, settings.api), runner:
                runner.run(_serve(parts, door, tls, stop))
        finally:
            parts.close()


def _listen(api: Api) -> socket.socket:
    """Taken before anything else is opened: the most likely mistake is told first."""
    try:
        return socket.create_server((api.host, api.port), backlog=2_048)
    except OSError as problem:
        raise StartError(
            f"port {api.port} on {api.host} cannot be used: {problem.strerror or problem}",
            do="stop what uses it, or name another with --port",
        ) from problem


async def _serve(
    parts: Parts, door: socket.socket, tls: ssl.SSLContext | None, stop: threading.Event
) -> None:
    # BentoML keeps its files in the home folder unless told otherwise.
    os.environ.setdefault("BENTOML_HOME", str(parts.installation.run / "bentoml"))
    from serving.service import scoring_app

    config = uvicorn.Config(
        traced(Front(parts, scoring_app(parts)), parts, DESCRIBED),
        loop="none",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_S,
        ssl_context_factory=(lambda *_: tls) if tls else None,
    )
    server = uvicorn.Server(config)
    tasks = [_watch(server, parts, stop), parts.heartbeat.run()]
    if tls is not None:
        tasks.append(Renewal(tls, parts.settings.api, parts.clock).run())
    beside = [asyncio.create_task(task) for task in tasks]
    collect_seldom()
    keep_freed_memory()
    yield_soon()
    await server.serve([door])
    for task in beside:
        task.cancel()
    if not server.started:
        raise StartError("the api could not start", do="its log names the part that refused")


async def _watch(server: uvicorn.Server, parts: Parts, stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(LOOK_S)
    parts.closing = True  # streams end, which otherwise never would
    server.should_exit = True
