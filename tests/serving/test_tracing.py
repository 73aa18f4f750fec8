"""Traces: which spans there are and whose children; and that nothing is there when nobody asked."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import SecretStr

from core.clock import SystemClock
from core.connections import connect_redis
from core.database import open_record
from core.errors import StartError
from core.installation import Installation
from core.settings import Redis, Settings
from events.identity.index import IdentifierIndex
from events.types import Door, RawEvent
from features.online import OnlineStore
from serving.figures import tracing as tracing_module
from serving.figures.metrics import Metrics
from serving.figures.traced import CarryingThreads, TracedPipeline, TracedTogether
from serving.figures.tracing import ENDPOINTS, Tracing, traced_by, tracing_of
from serving.http.front import Front
from serving.http.tables import DESCRIBED, SCORES
from serving.http.traced import Traced, traced
from serving.keys import KeyKind, create
from serving.parts import Parts
from serving.release.inforce import InForce
from serving.release.shipped import publish_shipped_rules
from serving.score.asks import Ask, Explain
from serving.service import Seat
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE, SPAN = int(CALLER[3:35], 16), int(CALLER[36:52], 16)


class Spans:
    """What was exported since the last look, by name."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[Any]:
        return list(self._exporter.get_finished_spans())

    def take(self) -> dict[str, ReadableSpan]:
        found = {span.name: span for span in self._exporter.get_finished_spans()}
        self._exporter.clear()
        return found


@pytest.fixture
def tracing() -> tuple[Tracing, Spans]:
    exporter = InMemorySpanExporter()
    return traced_by(exporter, "test", at_once=True), Spans(exporter)


@pytest.fixture
def settings(redis_server: str) -> Settings:
    return Settings(redis=Redis(url=SecretStr(redis_server)))


@pytest.fixture
def parts(
    installation: Installation, settings: Settings, tracing: tuple[Tracing, Spans]
) -> Iterator[Parts]:
    opened = Parts(installation, settings, tracing=tracing[0])
    publish_shipped_rules(opened.engine, SystemClock())
    yield opened
    opened.close()


def ask(app: Any, key: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """One call of an application in this process, without its start and end."""
    method = "GET" if body is None else "POST"

    async def one() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, path, json=body, headers=headers, auth=(key, ""))

    return asyncio.run(one())


def front(parts: Parts) -> Any:
    seat = Seat()
    seat.take(parts)
    return traced(Front(parts, seat), parts, DESCRIBED)


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def worked(installation: Installation, tracing: Tracing, redis_url: str) -> None:
    """A visitor's call goes through a traced worker."""
    engine, clock = open_record(installation.record_db), SystemClock()
    publish_shipped_rules(engine, clock)
    client = connect_redis(redis_url, 1.0)
    online = OnlineSync(
        engine, OnlineStore(client), IdentifierIndex(client, engine, installation.secret())
    )
    judge = Judge(Settings(), InForce(installation, engine))
    judge.stage = tracing.span
    pipeline = Pipeline(installation, Settings(), engine, judge, online, clock)
    told = b'{"type": "page", "messageId": "m", "userId": "t-1", "properties": {"path": "/x"}}'
    raw = RawEvent(
        offset=1,
        recorded_at=clock.now(),
        door=Door.LIVE,
        source="segment",
        key_id="k",
        ip="",
        user_agent="",
        body=told,
    )
    run = TracedPipeline(tracing, pipeline)
    run.run([raw])
    assert run.progress.processed == 1
    engine.dispose()


def test_a_score_has_a_span_and_its_stages_are_inside(
    installation: Installation, parts: Parts, tracing: tuple[Tracing, Spans], redis_server: str
) -> None:
    """Whose time it was is seen at a glance; the caller's trace goes on here."""
    worked(installation, traced_by(InMemorySpanExporter(), "worker"), redis_server)
    key = create(parts.engine, KeyKind.SECRET, SystemClock().now()).key
    told = ask(front(parts), key, "/v1/score?user_id=t-1", traceparent=CALLER)
    assert told.status_code == 200, told.text
    spans = tracing[1].take()
    request, together = spans.pop("GET /v1/score"), spans["together"]
    assert (request.context.trace_id, parent_of(request)) == (TRACE, SPAN)
    assert request.attributes == {
        "http.request.method": "GET",
        "http.route": "/v1/score",
        "http.response.status_code": 200,
    }
    assert {"find", "read", "vector", "facts", "rules", "stand", "answer"} <= set(spans)
    for name, span in spans.items():
        assert span.context.trace_id == TRACE, name
    assert parent_of(together) == request.context.span_id
    assert parent_of(spans["find"]) == together.context.span_id
    told = ask(front(parts), key, "/v1/score/batch", {"leads": [{"user_id": "t-1"}]})
    assert told.status_code == 200, told.text
    batch = tracing[1].take()
    request = batch["POST /v1/score/batch"]
    assert parent_of(batch["find"]) == request.context.span_id
    everything = "".join(
        str(span.to_json()) for span in [request, *spans.values(), *batch.values()]
    )
    assert "t-1" not in everything, "an identifier left the process"


def test_calls_that_are_answered_together_are_linked(tracing: tuple[Tracing, Spans]) -> None:
    """Their common work is a part of one trace, and found from the others."""
    told = tracing[0]
    answered = TracedTogether(told, lambda asks: [[one.id] for one in asks])

    async def call(name: str) -> int:
        with told.span(name) as span:
            assert await answered.ask(Ask((), Explain.NONE, None, id=name)) == [name]
            return int(span.get_span_context().span_id)

    async def both() -> list[int]:
        gate = asyncio.Event()

        async def held(name: str) -> int:
            await gate.wait()
            return await call(name)

        calls = [asyncio.create_task(held(str(at))) for at in range(20)]
        gate.set()
        return list(await asyncio.gather(*calls))

    ids = asyncio.run(both())
    answered.close()
    spans = [one for one in tracing[1].all() if one.name == "together"]
    found = [parent_of(one) for one in spans]
    found += [link.context.span_id for one in spans for link in one.links]
    assert sorted(ids) == sorted(found)
    assert sum(one.attributes["calls"] for one in spans) == 20


def test_a_path_is_told_by_its_template_and_a_probe_not_at_all(
    parts: Parts, tracing: tuple[Tracing, Spans]
) -> None:
    """Ids make no names of spans, and a probe a second is no trace."""
    key = create(parts.engine, KeyKind.SECRET, SystemClock().now()).key
    app = front(parts)
    ask(app, key, "/v1/leads/abcdef")
    assert set(tracing[1].take()) == {"GET /v1/leads/{lead_id}"}
    for path in ("/livez", "/nowhere", "/docs.json"):
        ask(app, key, path)
    assert tracing[1].take() == {}


def test_a_failure_is_an_error_and_a_wrong_request_is_none(tracing: tuple[Tracing, Spans]) -> None:
    """Alarms hang on it: what callers do wrong must not wake anybody."""

    class Answering:
        """Stands for a part that answers with a status."""

        def __init__(self, status: int) -> None:
            self._status = status

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": self._status, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    class Parted:
        tracing: Tracing

    one = Parted()
    one.tracing = tracing[0]
    for status, code in ((503, StatusCode.ERROR), (404, StatusCode.UNSET)):
        app = traced(Answering(status), one, SCORES)  # type: ignore[arg-type]
        ask(app, "k", "/v1/score")
        assert tracing[1].take()["GET /v1/score"].status.status_code is code


def test_a_batch_of_the_worker_has_a_span_and_its_stages_are_inside(
    installation: Installation, tracing: tuple[Tracing, Spans], redis_server: str
) -> None:
    """And the seconds that the health page shows are counted all the same."""
    worked(installation, tracing[0], redis_server)
    spans = tracing[1].take()
    batch = spans.pop("batch")
    assert batch.attributes == {"events": 1, "offset.first": 1, "offset.last": 1}
    score, rules = spans.pop("score"), spans.pop("rules")
    del spans["stand"]
    assert set(spans) >= {"accept", "match", "enrich", "update", "decide", "commit"}
    for span in spans.values():
        assert parent_of(span) == batch.context.span_id
    assert parent_of(score) == spans["decide"].context.span_id
    assert parent_of(rules) == score.context.span_id


def test_without_an_exporter_there_is_nothing(
    installation: Installation, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No object of a trace, no wrapped application: being able to trace costs nobody anything."""
    for name in ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert tracing_of("api") is None
    parts = Parts(installation, settings, tracing=tracing_of("api"))
    app: Any = object()
    assert traced(app, parts, DESCRIBED) is app
    assert type(parts.metrics) is Metrics
    assert type(parts.threads) is ThreadPoolExecutor
    parts.close()


def test_the_library_is_not_even_imported() -> None:
    """By us: what redis-py and BentoML do with it is theirs."""
    asked = "import sys; from serving.figures import tracing; tracing.tracing_of('api'); "
    asked += "print('opentelemetry' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "False\n"


def test_a_collector_that_is_named_is_used_and_a_missing_exporter_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silence would be found on the day when a trace is needed."""
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            received.append((self.path, self.rfile.read(size)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        monkeypatch.setenv(ENDPOINTS[1], f"http://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        found = tracing_of("api")
        assert found is not None
        with found.span("a stage"):
            pass
        found.close()
        server.shutdown()
        serving.join()
    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"a stage" in body
    assert b"leadline-api" in body
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracing_of("api") is None
    monkeypatch.delenv("OTEL_SDK_DISABLED")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(StartError) as refused:
        tracing_of("api")
    assert ENDPOINTS[1] in refused.value.detail
    assert "leadline[tracing]" in refused.value.do


class Deaf(InMemorySpanExporter):
    """A collector that takes nothing until `gate` opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.begun, self.ended = (threading.Event() for _ in range(3))

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.begun.set()
        assert self.gate.wait(60)
        self.ended.set()
        return super().export(spans)


def test_the_end_does_not_wait_for_a_collector_that_is_dead(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A stop that takes too long is made short by force. The loss is told."""
    monkeypatch.setattr(tracing_module, "FAREWELL_S", 0.05)
    exporter = Deaf()
    told = traced_by(exporter, "test")
    with told.span("last"):
        pass
    told.close()
    assert "the last traces are lost" in caplog.text
    assert not exporter.ended.is_set()
    exporter.gate.set()
    assert exporter.ended.wait(60)


def test_a_process_ends_though_its_collector_never_answers() -> None:
    """Nothing that the library does at the exit waits for it either."""
    asked = "from serving.figures import tracing; tracing.FAREWELL_S = 0.1; "
    asked += "told = tracing.tracing_of('api'); span = told.span('last'); span.__enter__(); "
    asked += "span.__exit__(None, None, None); told.close(); print('closed')"
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        told = subprocess.run(
            [sys.executable, "-c", asked],
            cwd=Path(__file__).parents[2],
            env={**os.environ, ENDPOINTS[1]: url, "OTEL_EXPORTER_OTLP_TIMEOUT": "600"},
            capture_output=True,
            text=True,
            check=True,
            timeout=28,  # the library waits for 30 s
        )
    assert told.stdout == "closed\n"


def test_the_front_is_wrapped_only_where_traces_are_asked_for(parts: Parts) -> None:
    """And threads take the span along."""
    assert isinstance(front(parts), Traced)
    assert isinstance(parts.threads, CarryingThreads)
