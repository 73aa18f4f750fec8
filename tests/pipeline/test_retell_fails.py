"""A retelling that cannot be done: history stays as it was, and somebody is told why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import redis

from core.database import reading
from core.installation import Installation
from events.failed import list_failed
from serving.worker.control import SOURCE, Control, control_event
from serving.worker.retell import Retelling
from tests.pipeline_bench import Bench


def test_its_control_event_fails_with_what_to_do(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would look like an event of somebody's that the program cannot read."""

    def refuse(self: Retelling, *_: Any, **__: Any) -> None:
        raise ValueError("an archive of another kind")

    bench = Bench(installation, redis_client)
    page = {"type": "page", "userId": "u", "properties": {"path": "/"}}
    bench.feed(page)
    asked = bench.raw(control_event(Control.BACKFILL).body)
    with monkeypatch.context() as breaking:
        breaking.setattr(Retelling, "run", refuse)
        bench.pipeline.run([msgspec.structs.replace(asked, source=SOURCE)])
    bench.feed({**page, "messageId": "next"})

    with reading(bench.engine) as record:
        [row] = list_failed(record)
    assert row["reason"] == "retelling"
    message = row["problems"][0]["message"]
    assert "history could not be told anew" in message
    assert "ValueError: an archive of another kind" in message
    assert "`leadline features backfill` asks for it again" in message
    assert bench.pipeline.progress.processed == 2
