"""Hits per rule and day: counted with the batch, once, whatever dies on the way."""

from __future__ import annotations

from typing import Any

import pytest
import redis
import sqlalchemy as sa

from core.clock import DAY
from core.database import open_record, reading, writing
from core.installation import Installation
from rules import life
from rules.life import snoozes
from rules.life.counts import RULE_COUNT, Counted, Counts, counted, prune
from serving.rule_stats import stats
from tests.pipeline_bench import Bench
from tests.rules_life.small import SMALL, edited


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    life.publish(open_record(installation.record_db), SMALL, "ana", "", None, 1, "cli")
    return Bench(installation, redis_client)


def person(who: str, industry: str = "logistics") -> dict[str, Any]:
    """Somebody says which company they belong to."""
    traits = {"industry": industry, "domain": f"{who}.example"}
    return {"type": "group", "userId": who, "groupId": who, "traits": traits}


def counts(engine: sa.Engine, since_day: int = 0) -> dict[str, Counted]:
    with reading(engine) as connection:
        return counted(connection, since_day)


def test_each_lead_that_was_looked_at_counts_once(bench: Bench) -> None:
    """Two people in a batch, one of a target industry; history looks at nobody."""
    bench.feed(person("a"), person("b", "mining"), person("a"))

    found = counts(bench.engine)
    assert found["target_industry"][:2] == (2, 1)
    assert found["other_industry"][:2] == (2, 1)
    assert found["target_industry"].last_hit_at == bench.clock.now()
    assert found["target_region"] == Counted(2, 0, None)
    assert "known_owner" not in found


def test_a_signal_counts_for_the_routes(bench: Bench) -> None:
    """Routes are asked only when somebody is told."""
    page = {"type": "page", "userId": "a", "properties": {"path": "/pricing"}}
    bench.feed({**person("a"), "messageId": "1"}, {**page, "messageId": "2"})

    found = counts(bench.engine)
    assert found["inside_sales"][:2] == (1, 1)
    assert found["known_owner"][:2] == (1, 0)


class Died(BaseException):
    """The process, at this line."""


@pytest.mark.parametrize("moment", ["_commit", "_publish"])
def test_a_batch_that_is_run_again_counts_once(
    bench: Bench, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts stand or fall with the offset."""

    def die(*_: object) -> None:
        raise Died

    raws = [bench.raw(person("a"))]
    with monkeypatch.context() as dying:
        dying.setattr(bench.pipeline, moment, die)
        with pytest.raises(Died):
            bench.pipeline.run(raws)
    bench.start()
    if bench.pipeline.progress.offset < raws[-1].offset:
        bench.pipeline.run(raws)

    assert counts(bench.engine)["target_industry"][:2] == (1, 1)


def test_a_snoozed_rule_is_not_looked_at(bench: Bench) -> None:
    """It would look dead where it only sleeps."""
    bench.feed(person("a"))
    with reading(bench.engine) as connection:
        account = connection.execute(sa.text("SELECT account_id FROM account")).scalar_one()
    now = bench.clock.now()
    snoozes.add(bench.engine, "target_industry", account, now + DAY, "ana", "", now)
    bench.feed(person("a"))

    found = counts(bench.engine)
    assert found["target_industry"][:2] == (1, 1)
    assert found["target_region"][:2] == (2, 0)


def test_sums_cover_the_days_asked_for_and_old_days_go(installation: Installation) -> None:
    """A hit of last year is told as the last one, and no more."""
    engine = open_record(installation.record_db)
    for day in (10, 11, 420):
        counts_of = Counts(day * DAY + 5)
        counts_of.looked_at(1, ["a"], 3)
        counts_of.hit(1, ["a"] if day < 420 else [])
        with writing(engine) as connection:
            counts_of.save(connection)
            counts_of.save(connection)

    assert counts(engine, 11)["a"] == Counted(12, 2, 11 * DAY + 5)
    with writing(engine) as connection:
        assert prune(connection, 411 * DAY) == 1
        days = connection.execute(sa.select(RULE_COUNT.c.day).order_by(RULE_COUNT.c.day))
        assert list(days.scalars()) == [11, 420]


def test_stats_mark_what_is_dead_and_what_was_never_asked(bench: Bench) -> None:
    """A rule that nobody's facts can hit any more is found here, and by nothing else."""
    bench.feed(person("a"), person("b"))
    found = stats(bench.installation, bench.engine, None, bench.clock.now(), 30)

    told = {one.rule: one for one in found.rules}
    assert (told["target_industry"].hit_rate, told["target_industry"].dead) == (1.0, False)
    assert (told["competitor"].hit_rate, told["competitor"].dead) == (0.0, True)
    assert (told["territory_uk"].hit_rate, told["territory_uk"].dead) == (None, False)
    assert (found.version, found.past) == (1, None)
    assert list(told) == [
        "target_industry", "target_region", "pricing_seen", "other_industry", "competitor",
        "several_people", "known_owner", "territory_uk",
    ]  # fmt: skip


def test_a_rule_is_counted_over_its_versions(bench: Bench) -> None:
    """An edit of its points does not make it another rule."""
    bench.feed(person("a"))
    life.publish(bench.engine, edited(18), "ana", "", None, 2, "cli")
    bench.feed(person("a"))

    assert counts(bench.engine)["target_industry"][:2] == (2, 2)
    with reading(bench.engine) as connection:
        versions = connection.execute(sa.select(RULE_COUNT.c.version).distinct()).scalars()
        assert sorted(versions) == [1, 2]
