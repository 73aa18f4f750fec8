"""Exposures on their way to the record: added up, bounded, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.exc import OperationalError

from core.database import open_record, reading
from core.installation import Installation
from core.release import Release
from features.vector import vector
from rules import load_catalog, read_catalog
from scoring.arms import Place
from serving.kept import exposure_log
from serving.kept.exposure_log import ExposureLog
from signals.exposure import EXPOSURE
from signals.standing import Standing, stand
from signals.suppressions import SUPPRESSION

ROOM = 50


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    return open_record(installation.record_db)


@pytest.fixture
def dropped() -> list[int]:
    return []


@pytest.fixture
def log(
    engine: sa.Engine, dropped: list[int], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ExposureLog]:
    monkeypatch.setattr(exposure_log, "MOST", ROOM)
    monkeypatch.setattr(exposure_log, "PAUSE_S", 0.01)
    made = ExposureLog(engine, dropped.append)
    yield made
    made.close()


@pytest.fixture(scope="module")
def standings() -> list[Standing]:

    book = load_catalog(read_catalog())
    vectors = [vector(f"lead-{at}", None, None, None, 7) for at in range(2 * ROOM)]
    reports = book.evaluate([one.values for one in vectors])
    places = [Place("1", f"lead/{one.lead_id}", "champion") for one in vectors]

    return [
        replace(stand(book, Release(), None, one, report, None, (), None), place=place)
        for one, report, place in zip(vectors, reports, places, strict=True)
    ]


def rows(engine: sa.Engine) -> list[Any]:
    with reading(engine) as record:
        return list(record.execute(sa.select(EXPOSURE)))


def test_scores_of_a_lead_add_up_and_closing_writes_what_waits(
    log: ExposureLog, engine: sa.Engine, standings: list[Standing]
) -> None:
    """Nothing that was answered before an orderly end is missing in the report."""
    for _ in range(3):
        log.put(standings[:2])
    log.put(standings[:1], seconds=0.5)
    log.close()
    found = {row.lead_id: (row.scores, row.timed, row.seconds) for row in rows(engine)}
    assert found == {"lead-0": (4, 1, 0.5), "lead-1": (3, 0, 0.0)}


def test_each_suppression_is_kept_with_its_first_moment(
    log: ExposureLog, engine: sa.Engine, standings: list[Standing]
) -> None:
    """Whether it was new, and before a win, is asked when the report is read."""
    first = standings[0]

    def later(at: int, *by: str) -> Standing:
        told = replace(first.report, suppressed=bool(by), by=by)
        seen = replace(first.vector, as_of=at)
        return replace(first, report=told, vector=seen)

    log.put([first])
    log.put([later(20, "customer")])
    log.put([later(30, "customer", "unsubscribed")])
    log.close()
    with reading(engine) as record:
        found = record.execute(sa.select(SUPPRESSION.c.rule, SUPPRESSION.c.at)).all()
    assert sorted(found) == [("customer", 20), ("unsubscribed", 30)]


def test_a_record_that_refuses_is_tried_again_and_the_rest_is_dropped_and_counted(
    log: ExposureLog,
    engine: sa.Engine,
    dropped: list[int],
    standings: list[Standing],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory is bounded, whatever the disk does; those who wait are told when it is back."""
    whole = exposure_log.save

    def refuse(_record: object, _rows: object) -> None:
        raise OperationalError("insert", None, Exception("disk full"))

    monkeypatch.setattr(exposure_log, "save", refuse)
    for _ in range(5):
        log.put(standings)
    assert sum(dropped) >= ROOM
    monkeypatch.setattr(exposure_log, "save", whole)
    log.close()
    assert len(rows(engine)) == ROOM
    assert sum(row.scores for row in rows(engine)) + sum(dropped) == 5 * len(standings)


def test_without_an_experiment_nothing_is_kept(
    log: ExposureLog, engine: sa.Engine, standings: list[Standing]
) -> None:
    """The usual case costs nothing."""
    log.put([replace(one, place=None) for one in standings])
    log.put([])
    log.close()
    assert rows(engine) == []
