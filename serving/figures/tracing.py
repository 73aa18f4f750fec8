"""OpenTelemetry traces, where an exporter is named: a span a request or batch, one a stage inside.

Off unless OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) names a collector.
Without it nothing of this is in the way: the library is not even imported. OpenTelemetry's other
variables hold as they are documented there (sampler, headers, timeout). A span names routes and
stages, never an identifier, a query or a body.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from core.errors import StartError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


FAREWELL_S = 2.0
"""How long the end of a process waits for the collector: one that is dead is tried for longer."""

_log = logging.getLogger(__name__)


class Tracing:
    """The spans of one process. `close` hands over what was not exported yet, if that is quick."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import context, propagate, trace

        self._provider = provider
        self._tracer = provider.get_tracer("leadline")
        self._extract, self.here = propagate.extract, context.get_current
        self._server, self._error = trace.SpanKind.SERVER, trace.StatusCode.ERROR

    @contextmanager
    def span(self, name: str, **told: str | int) -> Iterator[Any]:
        """A span inside the one that is open where this runs."""
        with self._tracer.start_as_current_span(name, attributes=told) as span:
            yield span

    @contextmanager
    def request(self, name: str, headers: Mapping[str, str], **told: str) -> Iterator[Any]:
        """A span of a request, inside the caller's if its headers have a `traceparent`."""
        caller = self._extract(headers)
        with self._tracer.start_as_current_span(
            name, context=caller, kind=self._server, attributes=told
        ) as span:
            yield span

    @contextmanager
    def together(self, name: str, callers: Sequence[Context]) -> Iterator[Any]:
        """A span of work for several: inside the first caller's, linked to the others'."""
        from opentelemetry.trace import Link, get_current_span

        links = [Link(get_current_span(one).get_span_context()) for one in callers[1:]]
        inside = callers[0] if callers else None
        told = {"calls": len(callers)}
        with self._tracer.start_as_current_span(
            name, context=inside, attributes=told, links=links
        ) as span:
            yield span

    def failed(self, span: Any) -> None:
        """What the span tells of could not be done."""
        span.set_status(self._error)

    def close(self) -> None:
        """The exporter tries again and again, and cannot be told how long: so it is left alone."""
        farewell = threading.Thread(target=self._provider.shutdown, name="farewell", daemon=True)
        farewell.start()
        farewell.join(FAREWELL_S)
        if farewell.is_alive():
            _log.warning("the last traces are lost: the collector did not take them in time")


def tracing_of(role: str) -> Tracing | None:
    """What the environment asks for; None where it asks for nothing. StartError when the exporter
    is not installed.
    """
    if not any(map(os.environ.get, ENDPOINTS)) or os.environ.get("OTEL_SDK_DISABLED") == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as missing:
        name = next(name for name in ENDPOINTS if os.environ.get(name))
        raise StartError(
            f"{name} asks for traces, and what exports them is not installed",
            do="install the extra `tracing` (leadline[tracing]), or unset the variable",
        ) from missing
    return traced_by(OTLPSpanExporter(), role)


def traced_by(exporter: SpanExporter, role: str, *, at_once: bool = False) -> Tracing:
    """Spans for an exporter: in batches from a thread of its own, or each as it ends."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    resource = Resource.create({"service.name": f"leadline-{role}"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    processor = SimpleSpanProcessor if at_once else BatchSpanProcessor
    provider.add_span_processor(processor(exporter))
    return Tracing(provider)
