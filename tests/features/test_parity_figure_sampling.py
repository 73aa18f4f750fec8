"""Keeping what was served may cost nobody time, memory or disk without bound."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core.clock import DAY, FixedClock, from_iso
from core.database import open_record, reading, writing
from core.installation import Installation
from core.settings import Features
from features.marked import Mark
from features.parity_run import save_run
from features.served import SERVED, newest_served
from features.vector import FeatureVector, vector
from serving.figures.parity_figures import ParityFigures
from serving.kept.sample_log import WAITING
from serving.kept.served_log import ServedLog

NOW = from_iso("2026-03-02T10:00:00Z")
MARK = Mark(NOW, None)


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    return open_record(installation.record_db)


def one(number: int, as_of: int = NOW) -> FeatureVector:
    return vector(f"lead-{number}", None, None, None, as_of)


def kept(engine: sa.Engine) -> list[str]:
    with reading(engine) as record:
        return [told.vector.lead_id for told in newest_served(record, 100_000)]


def log_of(
    engine: sa.Engine, settings: Features, dropped: Callable[[int], None] = lambda _: None
) -> ServedLog:
    return ServedLog(engine, settings, FixedClock(NOW), iter([0.04, 0.05, 0.9]).__next__, dropped)


def test_the_share_that_was_asked_for_is_taken(engine: sa.Engine) -> None:
    """0.05 of the calls: a draw below it belongs to the sample, the border does not."""
    log = log_of(engine, Features(served_sample=0.05))
    assert [log.wants() for _ in range(3)] == [True, False, False]
    log.close()


def test_what_waits_is_written_when_the_api_stops(engine: sa.Engine) -> None:
    """With its values, to the last bit."""
    log = log_of(engine, Features())
    log.put([one(1), one(2)], [MARK, MARK])
    log.close()

    with reading(engine) as record:
        newest, before = newest_served(record, 10)
    assert (before.vector, before.mark) == (one(1), MARK)
    assert newest.vector.lead_id == "lead-2"


def test_of_a_batch_some_are_kept_from_its_first_to_its_last(engine: sa.Engine) -> None:
    """A thousand leads at once would take the room of calls for one, and longer than the scores."""
    log = log_of(engine, Features())
    many = [one(number) for number in range(1_000)]
    log.put(many, [MARK] * len(many))
    log.close()
    assert kept(engine)[::-1] == [f"lead-{number}" for number in range(0, 1_000, 20)]


def test_beyond_its_room_vectors_are_dropped_and_counted(engine: sa.Engine) -> None:
    """A burst while the disk is busy: nobody waits, and the loss is told."""
    dropped: list[int] = []
    log = log_of(engine, Features(), dropped.append)
    with writing(engine):  # the log's own transaction has to wait
        many = [one(number) for number in range(WAITING + 1_000)]

        def put_each() -> None:
            for vector in many:
                log.put([vector], [MARK])

        threading.Thread(target=put_each).start()
        put_each()
    log.close()

    assert sum(dropped) + len(kept(engine)) == 2 * len(many)
    assert sum(dropped) >= len(many)


def test_only_the_newest_are_kept(engine: sa.Engine) -> None:
    """The table has a bound in rows."""
    log = log_of(engine, Features(served_kept=10))
    for number in range(300):
        log.put([one(number)], [MARK])
    log.close()

    assert kept(engine) == [f"lead-{number}" for number in range(299, 289, -1)]


def test_old_ones_go_and_their_numbers_are_not_used_again(engine: sa.Engine) -> None:
    """What was compared is remembered by number: a number used twice would never be compared."""
    log = log_of(engine, Features(served_days=2))
    log.put([one(1, NOW - 3 * DAY)], [MARK])
    log.close()
    assert kept(engine) == []

    log = log_of(engine, Features())
    log.put([one(2)], [MARK])
    log.close()
    with reading(engine) as record:
        assert newest_served(record, 1)[0].id == 2


def test_vectors_of_other_definitions_are_not_compared(engine: sa.Engine) -> None:
    """After an upgrade a changed feature is no mismatch."""
    log = log_of(engine, Features())
    log.put([one(1)], [MARK])
    log.close()
    with writing(engine) as record:
        record.execute(SERVED.update().values(definitions="others"))

    assert kept(engine) == []


def test_the_figures_are_totals_over_all_runs(engine: sa.Engine) -> None:
    """Prometheus asks for counters: they only ever grow."""
    with writing(engine) as record:
        save_run(record, NOW, 7, 100, 1)
        save_run(record, NOW + DAY, 9, 50, 0)

    told = {
        sample.name: sample.value
        for family in ParityFigures(engine).collect()
        for sample in family.samples
    }

    assert told == {
        "leadline_parity_compared_total": 150,
        "leadline_parity_mismatches_total": 1,
        "leadline_parity_run_timestamp_seconds": (NOW + DAY) / 1e6,
    }
