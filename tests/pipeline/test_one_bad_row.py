"""A row that cannot be made or written: its event fails with a reason, all others count once."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core.clock import DAY
from core.database import reading
from core.installation import Installation
from events.failed import list_failed
from events.types import EnrichedEvent, Identifier, IdentifierKind
from features.batch import Batch
from features.offline import Ask, vectors
from tests.pipeline_bench import START, Bench


def page(number: int, path: str = "/") -> dict[str, Any]:
    return {"type": "page", "userId": "u", "messageId": f"m{number}", "properties": {"path": path}}


def test_tiles_that_were_half_changed_are_forgotten(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event was counted in memory when its row could not be encoded: it must not stay there,
    nor in what comes after it in the batch, nor in the next one.
    """
    take = Batch.take

    def refuse_odd(self: Batch, one: EnrichedEvent) -> None:
        take(self, one)
        if one.matched.event.path == "/odd":
            raise OverflowError("an amount that no cell holds")

    monkeypatch.setattr(Batch, "take", refuse_odd)
    bench = Bench(installation, redis_client)

    bench.feed(page(1), page(2), page(3, "/odd"), page(4))
    bench.feed(page(5, "/odd"), page(6))

    told = bench.pipeline.progress
    assert (told.offset, told.processed, told.failed) == (6, 4, 2)
    with reading(bench.engine) as record:
        failed = list_failed(record)
    assert [(row["offset"], row["reason"]) for row in failed] == [(5, "internal"), (3, "internal")]
    assert "OverflowError: an amount that no cell holds" in failed[0]["problems"][0]["message"]
    asks = [Ask(Identifier(IdentifierKind.USER_ID, "u"), START + DAY)]
    [found] = vectors(installation, bench.engine, asks)
    assert found is not None
    assert found.values["page_views_ever"] == 4


def test_the_worker_does_not_come_back_to_it(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch of nothing but bad events: each is behind us, and a restart begins after them."""

    def refuse(self: Batch, one: EnrichedEvent) -> None:
        raise OverflowError("an amount that no cell holds")

    bench = Bench(installation, redis_client)
    with monkeypatch.context() as breaking:
        breaking.setattr(Batch, "take", refuse)
        bench.feed(*(page(number) for number in range(5)))
    bench.start()

    assert bench.pipeline.progress.offset == 5
    assert bench.pipeline.progress.failed == 5
    bench.feed(page(9))
    assert bench.pipeline.progress.processed == 1
