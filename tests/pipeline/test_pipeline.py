"""The worker's pipeline: nothing lost, nothing twice, whatever dies on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from core.database import reading
from core.installation import Installation
from events import archive, progress
from events.failed import list_failed, show_failed
from events.fates import recent
from events.types import Door, Identifier, IdentifierKind, MatchedEvent
from features.definitions import Entity
from features.record import LAKE_FILE, TILES, read_blobs
from features.tiles import decode
from tests.pipeline_bench import Bench


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    return Bench(installation, redis_client)


def page(number: int, who: str = "u", path: str = "/") -> dict[str, Any]:
    return {"type": "page", "userId": who, "messageId": f"m{number}", "properties": {"path": path}}


def views(bench: Bench) -> int:
    """Page views of all leads, by the record."""
    with reading(bench.engine) as record:
        blobs = record.execute(sa.select(TILES.c.blob).where(TILES.c.entity == "lead")).scalars()
        return sum(decode(blob).ever.get(1, 0) for blob in blobs)


def lake_rows(bench: Bench, kind: str = "events") -> int:
    import pyarrow.parquet as pq

    files = (bench.installation.lake / kind).glob("**/*.parquet")
    return sum(pq.read_metadata(file).num_rows for file in files)


def served_views(bench: Bench, who: str = "u") -> int | None:
    found = bench.index.find([Identifier(IdentifierKind.USER_ID, who)])[0]
    [(lead, _)] = bench.store.read([found or ("nobody", None)])
    return decode(lead).ever.get(1, 0) if lead else None


def test_each_message_counts_once(bench: Bench) -> None:
    """Pixel and server, or a client's retry, send the same message again: in a batch or later."""
    bench.feed(page(1), page(2), page(1))
    bench.feed(page(2), page(3))
    assert views(bench) == 3
    told = bench.pipeline.progress
    assert (told.processed, told.duplicates, told.failed) == (3, 2, 0)


def test_nobody_can_take_the_place_of_an_event_without_an_id(bench: Bench) -> None:
    """Our own number for it is no message id: claiming it beforehand must not drop a stranger's."""
    nameless = {"type": "page", "userId": "victim", "properties": {"path": "/"}}
    ahead = range(bench.offset + 6, bench.offset + 8)  # behind the five claims themselves
    claims = [{**page(0, who="attacker"), "messageId": f"offset:{n}"} for n in (*ahead, 1, 2, 3)]
    bench.feed(*claims)
    bench.feed(nameless, nameless)
    assert served_views(bench, "victim") == 2
    assert bench.pipeline.progress.duplicates == 0


def test_a_failed_event_is_kept_with_reasons_and_the_rest_goes_on(bench: Bench) -> None:
    """No id: accepted, visible to `leadline failed`, and it stops nobody."""
    bench.feed(page(1), {"type": "page", "messageId": "bad"}, page(2))
    with reading(bench.engine) as record:
        [row] = list_failed(record)
        shown = show_failed(record, row["offset"])
        fates = recent(record)
    assert row["reason"] == "contract"
    assert shown is not None
    assert '"messageId": "bad"' in shown["raw"]
    assert [fate["fate"] for fate in fates] == ["processed", "failed", "processed"]
    assert views(bench) == 2


def test_an_event_that_breaks_the_program_fails_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something that we did not think of, and that one event in millions has: its batch goes on."""
    seal = archive.seal

    def break_at_odd(matched: MatchedEvent, key: bytes) -> bytes:
        if matched.event.path == "/odd":
            raise OverflowError("beyond what we thought of")
        return seal(matched, key)

    monkeypatch.setattr(archive, "seal", break_at_odd)
    bench.feed(page(1), page(2, path="/odd"), page(3))
    assert views(bench) == 2
    with reading(bench.engine) as record:
        assert [row["reason"] for row in list_failed(record)] == ["internal"]


class Died(BaseException):
    """The process, at this line."""


def die(*_: Any, **__: Any) -> None:
    raise Died


MOMENTS: dict[str, Callable[[Bench], tuple[object, str]]] = {
    "before the lake is written": lambda bench: (bench.pipeline._lake, "write_rows"),
    "before the commit": lambda bench: (bench.pipeline, "_commit"),
    "after the commit, before files are renamed": lambda bench: (bench.pipeline._lake, "publish"),
    "after files are renamed, before Redis": lambda bench: (bench.pipeline._online, "write"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_crash_loses_nothing_and_counts_nothing_twice(
    bench: Bench, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the worker dies, the next one goes on behind the last committed batch."""
    bench.feed(page(1))
    raws = [bench.raw(page(2)), bench.raw(page(3, path="/pricing"))]
    holder, name = MOMENTS[moment](bench)
    with monkeypatch.context() as dying:
        dying.setattr(holder, name, die)
        with pytest.raises(Died):
            bench.pipeline.run(raws)
    bench.start()
    again = [raw for raw in raws if raw.offset > bench.pipeline.progress.offset]
    bench.pipeline.keep_up()
    if again:
        bench.pipeline.run(again)
    bench.feed(page(4))
    assert views(bench) == 4
    assert served_views(bench) == 4
    assert lake_rows(bench) == 4
    with reading(bench.engine) as record:
        listed = record.execute(sa.select(sa.func.count()).select_from(LAKE_FILE)).scalar()
        assert progress.load(record).processed == 4
    assert listed == len(list(bench.installation.lake.glob("**/*.parquet")))
    assert not list(bench.installation.lake.glob("**/*.writing"))


def test_redis_that_comes_back_empty_is_filled_again(
    bench: Bench, redis_client: redis.Redis
) -> None:
    """The online store is derived: its loss costs time, not data."""
    bench.feed(page(1), page(2, who="other"))
    redis_client.flushall()
    assert served_views(bench) is None
    bench.pipeline.keep_up()
    assert served_views(bench) == 1
    assert served_views(bench, "other") == 1


def test_redis_away_stops_nothing_and_catches_up_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events go on into the record; what Redis missed is written when it answers again."""

    def away(*_: Any) -> None:
        raise redis.ConnectionError("away")

    bench.feed(page(1))
    with monkeypatch.context() as down:
        down.setattr(bench.store, "write", away)
        bench.feed(page(2))
        bench.feed(page(3))
    assert views(bench) == 3
    bench.pipeline.keep_up()
    assert served_views(bench) == 3


def test_a_merge_moves_tiles_and_leaves_a_tombstone(bench: Bench) -> None:
    """Anonymous views count for the person; the absorbed lead is gone from the online store."""
    visit = {"type": "page", "anonymousId": "a", "properties": {"path": "/pricing"}}
    bench.feed({**visit, "messageId": "v1"}, page(1))
    visitor = bench.index.find([Identifier(IdentifierKind.ANONYMOUS_ID, "a")])[0]
    assert visitor is not None
    named = {"type": "identify", "userId": "u", "anonymousId": "a", "messageId": "i"}
    bench.feed(named)
    assert served_views(bench) == 2
    assert bench.store.read([(visitor[0], None)]) == [(None, None)]
    assert bench.index.find_leads([visitor[0]]) == bench.index.find(
        [Identifier(IdentifierKind.USER_ID, "u")]
    )


def test_an_accounts_tiles_follow_a_lead_that_moves(bench: Bench) -> None:
    """One snapshot for each account: the old one is counted anew without the person."""
    group = {"type": "group", "userId": "u", "traits": {"industry": "logistics"}}
    stay = {"type": "group", "userId": "stays", "groupId": "g1", "messageId": "s"}
    bench.feed(page(1), page(2, who="stays"), stay, {**group, "groupId": "g1", "messageId": "g1"})
    before = bench.index.find([Identifier(IdentifierKind.USER_ID, "u")])[0]
    bench.feed({**group, "groupId": "g2", "messageId": "g2"})
    after = bench.index.find([Identifier(IdentifierKind.USER_ID, "u")])[0]
    assert before is not None
    assert after is not None
    old, new = str(before[1]), str(after[1])
    with reading(bench.engine) as record:
        tiles = read_blobs(record, Entity.ACCOUNT, [old, new])
    assert decode(tiles[old]).ever.get(1) == 1
    assert decode(tiles[new]).ever.get(1) == 1


def test_history_decides_nothing_and_a_live_event_does(bench: Bench) -> None:
    """The door for history sends no signal and sets no band; the first live event may."""
    old = {**page(1), "timestamp": "2026-02-01T00:00:00Z"}
    bench.feed(old, door=Door.IMPORT)
    with reading(bench.engine) as record:
        assert not record.execute(sa.text("select count(*) from band_state")).scalar()
    bench.feed(page(2))
    with reading(bench.engine) as record:
        assert record.execute(sa.text("select count(*) from band_state")).scalar() == 1
