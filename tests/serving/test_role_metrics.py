"""The figures of worker and deliver, on a port of their own."""

from __future__ import annotations

import socket
import threading
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from core.clock import SECOND, SystemClock
from core.database import open_record, writing
from core.errors import StartError
from core.installation import Installation
from core.settings import load_settings
from events.progress import Progress
from serving.figures.metrics_port import metrics_on
from serving.figures.outbox_figures import OutboxFigures
from serving.figures.worker_figures import WorkerFigures
from serving.roles import deliver
from serving.running.embedded import free_port
from signals.outbox import UNDELIVERABLE, WAITING
from signals.tables import OUTBOX


class Fixed:
    def __init__(self, moment: int) -> None:
        self.moment = moment

    def now(self) -> int:
        return self.moment


def row(signal: str, destination: str, state: str, next_at: int) -> dict[str, Any]:
    told = {"signal_id": signal, "destination": destination, "state": state, "next_at": next_at}
    return {**told, "attempts": 0, "error": ""}


def told_by(*figures: Any) -> str:
    registry = CollectorRegistry()
    for one in figures:
        registry.register(one)
    return generate_latest(registry).decode()


def test_the_worker_tells_what_became_of_events_and_how_many_wait() -> None:
    """Events a second are the rate of a counter; the lag says whether that is enough."""
    come = Progress(
        offset=40,
        online_offset=38,
        processed=30,
        duplicates=6,
        failed=4,
        watermark=7 * SECOND,
        stage_seconds={"match": 1.5},
    )

    class Pipeline:
        progress = come

    class Log:
        def last_offset(self) -> int:
            return 45

    text = told_by(WorkerFigures(Pipeline(), Log()))  # type: ignore[arg-type]
    for line in (
        'leadline_worker_events_total{fate="processed"} 30.0',
        'leadline_worker_events_total{fate="duplicates"} 6.0',
        'leadline_worker_events_total{fate="failed"} 4.0',
        'leadline_worker_stage_seconds_total{stage="match"} 1.5',
        "leadline_worker_watermark_timestamp_seconds 7.0",
        "leadline_worker_online_lag_events 2.0",
        "leadline_worker_lag_events 5.0",
    ):
        assert line in text, text


def test_deliver_tells_what_waits_and_what_was_given_up(installation: Installation) -> None:
    """A letter nobody can deliver is seen by whoever looks, not by the customer first."""
    engine = open_record(installation.record_db)
    now = 1_000 * SECOND
    with writing(engine) as record:
        record.execute(
            OUTBOX.insert(),
            [
                row("a", "crm", WAITING, now - 5 * SECOND),
                row("b", "crm", WAITING, now + 5 * SECOND),
                row("c", "crm", UNDELIVERABLE, now),
                row("d", "slack", "delivered", now),
            ],
        )
    text = told_by(OutboxFigures(engine, Fixed(now)))
    assert 'leadline_outbox_signals{destination="crm",state="waiting"} 2.0' in text
    assert 'leadline_outbox_signals{destination="crm",state="undeliverable"} 1.0' in text
    assert "slack" not in text
    assert "leadline_outbox_overdue_seconds 5.0" in text
    engine.dispose()


def test_a_role_serves_its_figures_where_the_setting_says(installation: Installation) -> None:
    """Deliver as it runs, by a real scrape; without the setting nothing listens."""
    open_record(installation.record_db).dispose()
    port = free_port()
    features, models = {"parity_every_s": 0}, {"retrain": False}
    told = load_settings(None, signals={"metrics_port": port}, features=features, models=models)
    stop = threading.Event()
    thread = threading.Thread(target=deliver.run, args=(installation, told, stop))
    thread.start()
    try:
        transport = httpx.HTTPTransport(retries=8)
        with httpx.Client(transport=transport) as client:
            answer = client.get(f"http://127.0.0.1:{port}/metrics")
        assert "leadline_outbox_overdue_seconds 0.0" in answer.text
    finally:
        stop.set()
        thread.join(30)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_a_port_that_is_taken_is_told_with_its_setting() -> None:
    """Two roles were given one port: which setting to change is said."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as refused, metrics_on(port, "worker.metrics_port"):
            pass
    assert f"port {port}" in refused.value.detail
    assert "worker.metrics_port" in refused.value.do


def test_without_a_port_nothing_is_served() -> None:
    """The default costs nothing."""
    before = threading.active_count()
    with metrics_on(None, "worker.metrics_port", OutboxFigures(None, SystemClock())):  # type: ignore[arg-type]
        assert threading.active_count() == before
