"""Parity as a figure: what was served is compared with the lake, and a wrong value is found."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
import redis
from click.testing import CliRunner

from core.clock import DAY, HOUR, from_datetime, to_iso
from core.connections import connect_redis
from core.database import reading, writing
from core.installation import Installation
from events.types import Door, Identifier, IdentifierKind
from features.definitions import Entity
from features.marked import Mark, Marked, read_marked
from features.names import VIEWS
from features.online import WATERMARK, key_of
from features.parity import Parity, compare
from features.parity_run import last_run
from features.served import SERVED, newest_served, write_served
from features.vector import vector
from serving.commands.features import features
from serving.running.embedded import free_port
from serving.score.lookup import ONLINE_STORE, Lookup
from tests.parity.brute import Known
from tests.parity.streams import PEOPLE, stream
from tests.pipeline_bench import START, Bench

Raw = dict[str, object]


class Served:
    """A worker's stores, and answers made from them as the api makes them."""

    def __init__(self, installation: Installation, client: redis.Redis) -> None:
        self.bench = Bench(installation, client)
        self.client = client

    def serve(self, *names: str) -> Marked:
        """Reads and keeps a vector of each user, as of a little later than now."""
        people = [Identifier(IdentifierKind.USER_ID, name) for name in names]
        pairs = [pair for pair in self.bench.index.find(people) if pair is not None]
        marked = read_marked(self.client, pairs)
        as_of = self.bench.clock.now() + 90
        if marked.marks is not None:
            told = [
                (vector(*pair, *tiles, as_of), mark)
                for pair, tiles, mark in zip(pairs, marked.blobs, marked.marks, strict=True)
            ]
            with writing(self.bench.engine) as record:
                write_served(record, told)
        return marked

    def compare(self) -> Parity:
        with reading(self.bench.engine) as record:
            return compare(self.bench.installation, newest_served(record, 10_000))

    def key(self, name: str) -> bytes:
        [found] = self.bench.index.find([Identifier(IdentifierKind.USER_ID, name)])
        assert found is not None
        return key_of(Entity.LEAD, found[0])


@pytest.fixture
def served(installation: Installation, redis_client: redis.Redis) -> Served:
    return Served(installation, redis_client)


def page(number: int, user: str, **more: object) -> Raw:
    properties = {"path": "/pricing", "session_id": f"s{number}", "duration_s": 9}
    kept: Raw = {"messageId": f"m{number}", "userId": user, "properties": properties}
    return {**kept, "type": "page", **more}


def test_what_was_served_between_any_two_batches_is_what_the_lake_tells(served: Served) -> None:
    """Late events, merges, companies, a worker that starts anew, and history that is imported
    after it was served: none of it may make a served value look wrong.
    """
    dice = random.Random(5)
    told = stream(5, steps=250)
    history = [stream_import(one, number) for number, one in enumerate(told[::9])]
    while told:
        size = dice.choice([1, 5, 40])
        feed_live(served.bench, told[:size])
        del told[:size]
        served.serve(*(f"user-{dice.randrange(PEOPLE)}" for _ in range(3)))
        if dice.random() < 0.3 and history:
            served.bench.feed(history.pop(), door=Door.IMPORT)
            served.serve(*(f"user-{who}" for who in range(PEOPLE)))
        if dice.random() < 0.1:
            served.bench.start()

    found = served.compare()

    assert found.mismatches == 0, found.examples[:3]
    assert found.vectors > 100
    assert found.filled > 0.15 * found.compared


def feed_live(bench: Bench, told: list[Known]) -> None:
    raws = []
    for one in told:
        bench.clock.at = max(bench.clock.at, from_datetime(one.known) - 1)
        raws.append(bench.raw(one.message))
    bench.pipeline.keep_up()
    bench.pipeline.run(raws)


def stream_import(one: Known, number: int) -> Raw:
    """The same deed once more, told as history that nobody knew of."""
    return {**one.message, "messageId": f"import-{number}"}


def test_a_served_value_that_was_changed_is_found(served: Served) -> None:
    """One value of one vector: the figure names the feature and both values."""
    served.bench.feed(page(1, "ann"), page(2, "bob"))
    served.serve("ann", "bob")
    assert served.compare().mismatches == 0
    with reading(served.bench.engine) as record:
        newest = newest_served(record, 1)[0]
    values = dict(newest.vector.values)
    values["page_views_7d"] = 2
    with writing(served.bench.engine) as record:
        encoded = msgspec.msgpack.encode(list(values.values()))
        record.execute(SERVED.update().where(SERVED.c.id == newest.id).values(vals=encoded))

    found = served.compare()

    assert (found.vectors, found.mismatches) == (2, 1)
    [told] = found.examples
    assert (told.feature, told.served, told.offline) == ("page_views_7d", 2, 1)
    assert found.per_feature["page_views_7d"].mismatches == 1


def test_a_row_that_redis_kept_from_before_is_found(served: Served) -> None:
    """The defect that this is for: the online store missed a write and nobody noticed."""
    served.bench.feed(page(1, "ann"))
    before = served.client.hgetall(served.key("ann"))
    served.bench.feed(page(2, "ann"))
    served.client.hset(served.key("ann"), mapping=before)
    served.serve("ann")

    found = served.compare()

    assert found.per_feature["page_views_ever"].mismatches == 1
    assert found.mismatches > 3


def test_a_row_that_the_lake_lost_is_found(served: Served) -> None:
    """The other side may be the wrong one: training would have read less than was served."""
    served.bench.feed(page(1, "ann"))
    served.bench.feed(page(2, "ann"))
    served.serve("ann")
    assert served.compare().mismatches == 0
    newest = max((served.bench.installation.lake / VIEWS["lead"]).rglob("*.parquet"))
    pq.write_table(pq.read_table(newest).slice(0, 0), newest)

    assert served.compare().per_feature["page_views_ever"].mismatches == 1


def test_history_imported_after_serving_changes_no_verdict(served: Served) -> None:
    """An import is known as of long ago: looked up by that alone, yesterday's answer was wrong."""
    served.bench.feed(page(1, "ann"))
    served.serve("ann")
    served.bench.feed(page(2, "ann", timestamp=to_iso(START - 3 * DAY)), door=Door.IMPORT)
    served.bench.feed(page(3, "ann", timestamp=to_iso(START - 9 * DAY)), door=Door.IMPORT)
    served.serve("ann")

    found = served.compare()

    assert (found.vectors, found.mismatches) == (2, 0)


@pytest.mark.parametrize("door", [Door.LIVE, Door.IMPORT])
def test_a_row_read_before_its_batch_is_complete_is_known_by_its_own_time(
    served: Served, door: Door
) -> None:
    """The worker writes rows first and its watermark last; readers do not wait for it."""
    served.bench.feed(page(1, "ann"))
    watermark = served.client.get(WATERMARK)
    told = {"timestamp": to_iso(START - HOUR)}
    served.bench.feed(page(2, "ann", **told), door=door)
    served.client.set(WATERMARK, watermark)
    marked = served.serve("ann")

    assert marked.marks == [Mark(served.bench.clock.now(), None)]
    assert served.compare().mismatches == 0


def test_nothing_is_kept_while_the_store_is_filled(served: Served) -> None:
    """Rows written anew from the record no longer tell when they were recorded."""
    served.bench.feed(page(1, "ann"))
    served.bench.store.set_watermark(None)
    assert served.serve("ann").marks is None
    assert served.compare().vectors == 0

    served.bench.start()
    served.bench.pipeline.keep_up()
    assert served.serve("ann").marks is not None


def test_what_redis_does_not_hold_is_not_kept(served: Served) -> None:
    """It was answered from the record: that is another path than the one under test."""
    served.bench.feed(page(1, "ann"))
    served.client.delete(served.key("ann"))

    assert served.serve("ann").marks == [Mark(None, None)]
    assert served.compare().vectors == 0


def test_what_the_record_answered_while_redis_was_away_is_compared_too(served: Served) -> None:
    """Degraded answers are answers: they have to be as right as the others."""
    served.bench.feed(page(1, "ann"), page(2, "bob"))
    served.bench.feed(page(3, "ann", timestamp=to_iso(START - DAY)), door=Door.IMPORT)
    away = connect_redis(f"redis://127.0.0.1:{free_port()}", 0.1)
    lookup = Lookup(away, served.bench.engine, served.bench.installation.secret())
    people = [Identifier(IdentifierKind.USER_ID, name) for name in ("ann", "bob")]
    pairs = [pair for pair in lookup.find(people) if pair]

    read = lookup.read(pairs, marked=True)
    as_of = served.bench.clock.now() + 90
    told = [vector(*pair, *tiles, as_of) for pair, tiles in zip(pairs, read.blobs, strict=True)]
    with writing(served.bench.engine) as record:
        write_served(record, list(zip(told, read.marks or [], strict=True)))
    served.bench.feed(page(4, "ann"))

    assert read.degraded == [(ONLINE_STORE,)] * 2
    assert [one.values["page_views_ever"] for one in told] == [2, 1]
    found = served.compare()
    assert (found.vectors, found.mismatches) == (2, 0)


def test_the_command_prints_the_figure_and_fails_on_a_mismatch(served: Served) -> None:
    """What CI and people run on an installation, stopped or not."""
    served.bench.feed(page(1, "ann"))
    served.serve("ann")

    code, told = run(served.bench.installation, "--sample", "50")
    assert (code, told["vectors"], told["mismatches"]) == (0, 1, 0)
    assert told["compared"] == len(told["per_feature"]) >= 50
    assert told["per_feature"]["page_views_7d"] == {"compared": 1, "mismatches": 0}

    before = served.client.hgetall(served.key("ann"))
    served.bench.feed(page(2, "ann"))
    served.client.hset(served.key("ann"), mapping=before)
    served.serve("ann")
    code, told = run(served.bench.installation)
    assert code == 1
    assert told["mismatches"] > 0
    result = CliRunner().invoke(features, ["parity", "--data", str(served.bench.installation.root)])
    assert "only" in result.output
    assert "served" in result.output


def test_the_continuous_comparison_looks_at_each_vector_once(served: Served) -> None:
    """Its totals are counters: what was counted before must not count again."""
    served.bench.feed(page(1, "ann"))
    served.serve("ann")
    first = run(served.bench.installation, "--new")[1]
    again = run(served.bench.installation, "--new")[1]
    served.serve("ann")
    served.serve("ann")
    third = run(served.bench.installation, "--new")[1]

    assert (first["vectors"], again["vectors"], third["vectors"]) == (1, 0, 2)
    with reading(served.bench.engine) as record:
        last = last_run(record)
    assert (last.number, last.compared_total) == (3, 3 * first["compared"])


def run(installation: Installation, *words: str) -> tuple[int, dict[str, object]]:
    asked = ["parity", *words, "--json", "--data", str(installation.root)]
    result = CliRunner().invoke(features, asked)
    return result.exit_code, msgspec.json.decode(result.stdout.splitlines()[-1])


def test_what_is_enough_depends_on_what_was_asked_for(served: Served) -> None:
    """Fewer values than asked for agree as well as they can: said, but no failure."""
    served.bench.feed(page(1, "ann"))
    served.serve("ann")
    code, told = run(served.bench.installation)
    assert (code, told["enough"]) == (0, False)
    code, told = run(served.bench.installation, "--sample", str(told["compared"]))
    assert (code, told["enough"]) == (0, True)

    place = str(served.bench.installation.root)
    few = CliRunner().invoke(features, ["parity", "--data", place])
    [said] = few.stderr.splitlines()
    assert "features.served_sample" in said
    assert not CliRunner().invoke(features, ["parity", "--sample", "1", "--data", place]).stderr


def test_where_nothing_was_served_nothing_is_proven(tmp_path: Path, served: Served) -> None:
    """Exit code 0 would look like parity in whatever watches it; the continuous comparison finds
    nothing new on every quiet day, though. A mistyped folder is no installation.
    """
    code, told = run(served.bench.installation)
    assert (code, told["compared"], told["enough"]) == (1, 0, False)
    code, told = run(served.bench.installation, "--new")
    assert (code, told["compared"], told["enough"]) == (0, 0, False)

    refused = CliRunner().invoke(features, ["parity", "--data", str(tmp_path / "nothing")])
    assert "no installation" in str(refused.exception)
    assert not (tmp_path / "nothing").exists()
