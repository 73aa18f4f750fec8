"""What became of the last events: kept long enough that an integrator finds their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import open_record, reading, writing
from events import fates
from events.fates import IMPORTED_PER_BATCH, Fate, recent, remember


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def fate(offset: int, told: str = "processed", imported: bool = False) -> Fate:
    return Fate(offset, 1_764_000_000_000_000 + offset, told, imported=imported)


def offsets(engine: sa.Engine) -> list[int]:
    with reading(engine) as connection:
        return sorted(row["offset"] for row in recent(connection, 100_000))


def keep(engine: sa.Engine, told: list[Fate]) -> None:
    with writing(engine) as connection:
        remember(connection, told)


def test_every_live_event_of_a_large_batch_is_kept(engine: sa.Engine) -> None:
    """Who sends 306 at once looks for the first of them, too."""
    keep(engine, [fate(at) for at in range(1, 307)])
    assert offsets(engine) == list(range(1, 307))


def test_of_history_the_last_of_a_batch_and_all_that_failed_are_kept(engine: sa.Engine) -> None:
    """A row an event would cost more than matching it; but what failed has to be found."""
    told = [fate(at, "failed" if at == 3 else "processed", imported=True) for at in range(1, 1_001)]
    keep(engine, [*told, fate(1_001)])
    last = range(1_001 - IMPORTED_PER_BATCH, 1_001)
    assert offsets(engine) == [3, *last, 1_001]


def test_the_oldest_go_first_and_gaps_do_not_count(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large import may not push out the live events that came before it."""
    monkeypatch.setattr(fates, "KEPT", 5)
    keep(engine, [fate(at) for at in (1, 2, 3)])
    keep(engine, [fate(1_000), fate(90_000)])
    assert offsets(engine) == [1, 2, 3, 1_000, 90_000]
    keep(engine, [fate(90_001), fate(90_002)])
    assert offsets(engine) == [3, 1_000, 90_000, 90_001, 90_002]
