"""Snoozes: until a date, for one account, told by whom."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import DAY
from core.database import open_record, reading
from core.errors import BadRequest, NotFound
from rules.life import snoozes


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def loaded(engine: sa.Engine) -> snoozes.Snoozed:
    with reading(engine) as connection:
        return snoozes.load(connection)


def mark(engine: sa.Engine) -> snoozes.Mark:
    with reading(engine) as connection:
        return snoozes.mark(connection)


def test_it_ends_by_itself(engine: sa.Engine) -> None:
    """Nobody has to remember; and the moment itself is over."""
    snoozes.add(engine, "pricing_seen", "a1", 100, "ana", "", 10)

    of = loaded(engine).of
    assert [of("a1", at) for at in (9, 10, 99, 100)] == [
        frozenset(), {"pricing_seen"}, {"pricing_seen"}, frozenset(),
    ]  # fmt: skip


def test_an_end_before_its_date_counts_from_that_moment(engine: sa.Engine) -> None:
    """And the past stays as it was: a replay of then passes the rule over."""
    snoozes.add(engine, "pricing_seen", "a1", 100, "ana", "", 10)
    snoozes.end(engine, "pricing_seen", "a1", "ben", 50)

    assert loaded(engine).of("a1", 60) == frozenset()
    with reading(engine) as connection:
        then = {at: len(snoozes.at_moment(connection, at)) for at in (9, 10, 49, 50)}
    assert then == {9: 0, 10: 1, 49: 1, 50: 0}
    with pytest.raises(NotFound, match="is not snoozed"):
        snoozes.end(engine, "pricing_seen", "a1", "ben", 60)


def test_a_second_snooze_replaces_the_first(engine: sa.Engine) -> None:
    """The date that was told last is the one that holds: a longer one, or a shorter."""
    snoozes.add(engine, "pricing_seen", "a1", 100, "ana", "", 10)
    snoozes.add(engine, "pricing_seen", "a1", 50, "ben", "", 20)

    (one,) = snoozes.running(engine, 30)
    assert (one.until, one.author) == (50, "ben")
    assert loaded(engine).of("a1", 60) == frozenset()


def test_every_change_is_seen_by_the_mark(engine: sa.Engine) -> None:
    """Processes read the table only when it differs."""
    marks = [mark(engine)]
    made = snoozes.add(engine, "a", "a1", 100, "ana", "", 10)
    marks.append(mark(engine))
    snoozes.add(engine, "a", "a1", 90, "ana", "", 11)
    marks.append(mark(engine))
    snoozes.end(engine, "a", "a1", "ana", 12)
    marks.append(mark(engine))
    assert len(set(marks)) == 4
    with pytest.raises(NotFound):
        snoozes.end_number(engine, made.number, "ana", 13)
    assert mark(engine) == marks[-1]


@pytest.mark.parametrize("until", [10, 9, 10 + 367 * DAY])
def test_an_end_that_is_past_or_too_far_is_refused(engine: sa.Engine, until: int) -> None:
    """A snooze for ever is an edit that nobody reviews."""
    with pytest.raises(BadRequest):
        snoozes.add(engine, "a", "a1", until, "ana", "", 10)


def test_they_are_not_without_end(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process holds them in memory; those that are over make room."""
    monkeypatch.setattr(snoozes, "MOST", 1)
    snoozes.add(engine, "a", "a1", 100, "ana", "", 10)
    with pytest.raises(BadRequest, match="run already"):
        snoozes.add(engine, "a", "a2", 100, "ana", "", 20)
    snoozes.add(engine, "a", "a2", 200, "ana", "", 100)
