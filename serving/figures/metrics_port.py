"""`/metrics` of a role without an HTTP front: prometheus_client's own server, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from core.errors import StartError

HOST = "127.0.0.1"


@contextmanager
def metrics_on(port: int | None, setting: str, *figures: Collector) -> Iterator[None]:
    """Served while the block runs; without a port not at all. StartError when it is taken."""
    if port is None:
        yield
        return
    registry = CollectorRegistry()
    for one in figures:
        registry.register(one)
    try:
        server, thread = start_http_server(port, HOST, registry)
    except OSError as problem:
        raise StartError(
            f"port {port} on {HOST} cannot be used for metrics: {problem.strerror or problem}",
            do=f"stop what uses it, or name another in {setting}",
        ) from problem
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
