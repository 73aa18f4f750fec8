"""A new feature for all history: replayed in order, while nothing else is lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import redis
import sqlalchemy as sa

import features.change
from core.clock import from_datetime
from core.database import reading
from core.installation import Installation
from events.types import Identifier, IdentifierKind, RawEvent
from features.measures import BY_EVENT, BY_NAME
from features.offline import Ask, vectors
from features.record import TILES
from features.tiles import decode
from serving.worker.control import SOURCE, Control, control_event
from tests.parity.streams import PEOPLE, stream
from tests.pipeline_bench import Bench


def control(bench: Bench, asked: Control = Control.BACKFILL) -> RawEvent:
    return msgspec.structs.replace(bench.raw(control_event(asked).body), source=SOURCE)


def fed(installation: Installation, client: redis.Redis, steps: int = 400) -> tuple[Bench, int]:
    bench = Bench(installation, client)
    told = stream(5, steps=steps)
    for start in range(0, len(told), 40):
        raws = []
        for one in told[start : start + 40]:
            bench.clock.at = from_datetime(one.known) - 1
            raws.append(bench.raw(one.message))
        bench.pipeline.keep_up()
        bench.pipeline.run(raws)
    return bench, from_datetime(told[-1].known)


def asks(last: int) -> list[Ask]:
    ids = [Identifier(IdentifierKind.USER_ID, f"user-{who}") for who in range(PEOPLE)]
    return [Ask(one, moment) for one in ids for moment in (last, last - 9 * 10**11, last - 10**12)]


def rows(bench: Bench) -> dict[tuple[str, str], bytes]:
    with reading(bench.engine) as record:
        return {(row.entity, row.id): row.blob for row in record.execute(sa.select(TILES))}


def test_a_replay_with_unchanged_definitions_changes_no_value(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """The law of it: merges, moves and late events included, history comes out the same."""
    bench, last = fed(installation, redis_client)
    before, tiles = vectors(installation, bench.engine, asks(last)), rows(bench)
    bench.pipeline.run([control(bench)])
    assert rows(bench) == tiles
    assert vectors(installation, bench.engine, asks(last)) == before
    assert any(one is not None for one in before)


def test_a_measure_that_was_added_later_counts_all_history(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the backfill it is zero in the past, afterwards what it would always have been."""
    young = BY_NAME["pricing_views"]
    without = {
        name: tuple(one for one in measures if one is not young)
        for name, measures in BY_EVENT.items()
    }
    with monkeypatch.context() as earlier:
        earlier.setattr(features.change, "BY_EVENT", without)
        bench, last = fed(installation, redis_client)

    def views() -> list[Any]:
        found = vectors(installation, bench.engine, asks(last))
        return [one and one.values["pricing_views_90d"] for one in found]

    assert not any(views())
    bench.pipeline.run([control(bench)])
    late = views()
    assert sum(value or 0 for value in late) > 50
    other = Installation(installation.root.parent / "other").create()
    redis_client.flushall()
    always, _ = fed(other, redis_client)
    found = vectors(other, always.engine, asks(last))
    assert late == [one and one.values["pricing_views_90d"] for one in found]


def test_events_around_a_backfill_are_counted_once(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """It stands in the log like any event; what comes before and after it in a batch is counted."""
    bench = Bench(installation, redis_client)
    page = {"type": "page", "userId": "u", "properties": {"path": "/"}}
    bench.pipeline.keep_up()
    bench.pipeline.run(
        [
            bench.raw({**page, "messageId": "1"}),
            control(bench),
            bench.raw({**page, "messageId": "2"}),
        ]
    )
    [(lead, _)] = bench.store.read([bench.index.find([Identifier(IdentifierKind.USER_ID, "u")])[0]])  # type: ignore[list-item]
    assert lead is not None
    assert decode(lead).ever[1] == 2
    assert bench.pipeline.progress.processed == 3
