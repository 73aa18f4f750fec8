"""The life of rules on each database that the record may be."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import release
from core.clock import DAY
from core.database import metadata, open_record, reading, writing
from core.errors import Conflict
from rules import life
from rules.life import drafts, snoozes
from rules.life.counts import Counted, Counts, counted, prune
from tests.rules_life.small import SMALL, edited


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """Empty, whichever database it is."""
    url: Path | str = tmp_path / "record.db"
    if request.param == "postgres":
        url = _url(request.getfixturevalue("postgres"))
    engine = open_record(url)
    yield engine
    metadata.drop_all(engine)
    engine.dispose()


def _url(server: dict[str, Any]) -> str:
    query = {"host": server["host"], "port": str(server["port"])}
    user, database = server["user"], server["database"]
    made = sa.URL.create("postgresql+psycopg", user, database=database, query=query)
    return made.render_as_string(hide_password=False)


def test_of_many_publishers_at_once_one_wins_and_the_others_are_told(engine: sa.Engine) -> None:
    """Where two transactions may read the same release, both would write the next."""
    life.publish(engine, SMALL, "ana", "", None, 1, "cli")

    def attempt(points: int) -> str:
        try:
            files = edited(points)
            return str(life.publish(engine, files, f"p{points}", "", 1, 2, "cli").version)
        except Conflict as late:
            return late.detail[:26]

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(10, 16)))

    assert outcomes == ["2", *["version 2 was published by"] * 5]
    assert release.current(engine).number == 2
    assert [one.in_force for one in life.history(engine)] == [True, False]
    assert life.rollback(engine, None, "ben", 3).version == 1


def test_counts_add_up(engine: sa.Engine) -> None:
    """Sums and the last hit, in one statement of either dialect."""
    for at in (2 * DAY, 2 * DAY + 7, 2 * DAY + 3):
        counts = Counts(at)
        counts.looked_at(1, ["a", "b"], 5)
        counts.hit(1, ["a", "a"])
        with writing(engine) as connection:
            counts.save(connection)

    with reading(engine) as connection:
        assert counted(connection, 0) == {
            "a": Counted(15, 6, 2 * DAY + 7), "b": Counted(15, 0, None),
        }  # fmt: skip
    with writing(engine) as connection:
        assert prune(connection, 500 * DAY) == 2


def test_drafts_and_snoozes_are_kept(engine: sa.Engine) -> None:
    """Numbers, JSON and nulls as they were written."""
    draft = drafts.save_draft(engine, "ours", SMALL, None, "ana", 5)
    assert drafts.read_draft(engine, "ours") == draft
    assert drafts.publish_draft(engine, "ours", None, "ana", "", 6) == life.Published(1, True, 0)

    made = snoozes.add(engine, "pricing_seen", "a1", 100, "ana", "a pilot", 10)
    with reading(engine) as connection:
        assert snoozes.load(connection).by_account == {"a1": (made,)}
    snoozes.end_number(engine, made.number, "ben", 20)
    assert snoozes.running(engine, 30) == []
