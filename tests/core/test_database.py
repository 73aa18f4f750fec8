"""The record's transactions."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import CACHE_MIB, chunks, open_record, reading, upsert, writing
from core.errors import StartError

TABLE = sa.Table(
    "thing",
    sa.MetaData(),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("number", sa.Integer),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_record(tmp_path / "record.db")
    TABLE.metadata.create_all(engine)
    yield engine
    engine.dispose()


def numbers(engine: sa.Engine) -> dict[str, int]:
    with reading(engine) as connection:
        return {row.name: row.number for row in connection.execute(sa.select(TABLE))}


def test_the_embedded_record_survives_a_power_cut(engine: sa.Engine) -> None:
    """synchronous=NORMAL loses commits that were answered; WAL lets readers go on."""
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_failed_block_leaves_nothing(engine: sa.Engine) -> None:
    """A batch's effects and its offset stand or fall together."""

    def half() -> None:
        with writing(engine) as connection:
            upsert(TABLE, connection, [{"name": "a", "number": 1}])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert numbers(engine) == {}


def test_upsert_replaces_by_key(engine: sa.Engine) -> None:
    """Writing a batch again after a crash must change nothing."""
    for number in (1, 2):
        with writing(engine) as connection:
            upsert(TABLE, connection, [{"name": "a", "number": number}])

    assert numbers(engine) == {"a": 2}


def test_writers_wait_for_each_other(engine: sa.Engine) -> None:
    """Read-then-write without the lock would lose counts."""

    def count(_: int) -> None:
        with writing(engine) as connection:
            number = connection.execute(sa.select(TABLE.c.number)).scalar() or 0
            upsert(TABLE, connection, [{"name": "a", "number": number + 1}])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))

    assert numbers(engine) == {"a": 40}


def test_a_reader_sees_one_moment(engine: sa.Engine) -> None:
    """A score must not mix the tiles of one batch with the profile of the next."""
    with reading(engine) as before:
        assert before.execute(sa.select(TABLE)).all() == []
        with writing(engine) as connection:
            upsert(TABLE, connection, [{"name": "a", "number": 1}])
        assert before.execute(sa.select(TABLE)).all() == []

    assert numbers(engine) == {"a": 1}


def test_a_file_that_is_no_database_is_refused_in_a_line(tmp_path: Path) -> None:
    """The operator named the wrong folder, or the disk broke it."""
    (tmp_path / "record.db").write_bytes(b"this is not a database" * 100)

    with pytest.raises(StartError, match=r"record\.db: is no database"):
        open_record(tmp_path / "record.db")


def test_chunks_lose_nothing() -> None:
    """IN (…) is cut to SQLite's limit; every value must be asked for."""
    assert list(chunks(list(range(5)), 2)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(("asked", "kept"), [(None, CACHE_MIB), (4, 4)])
def test_a_connection_keeps_no_more_pages_than_it_is_told(
    tmp_path: Path, asked: int | None, kept: int
) -> None:
    """Pages that a connection writes stay with it: a process that only writes would grow by all of
    them, up to this.
    """
    engine = open_record(tmp_path / "record.db", cache_mib=asked)
    with reading(engine) as connection:
        told = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    assert told == -kept * 1024
    engine.dispose()
