"""A record that an older program made, opened by a newer one."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.columns import add_columns
from core.errors import StartError


@pytest.fixture
def old(tmp_path: Path) -> sa.Engine:
    """A table of one column, with a row in it."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE key (id VARCHAR NOT NULL PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO key VALUES ('a')")
    return engine


def newer(**more: bool) -> sa.MetaData:
    """The same table with further columns: name → may be empty."""
    metadata = sa.MetaData()
    columns = [sa.Column(name, sa.BigInteger, nullable=empty) for name, empty in more.items()]
    sa.Table("key", metadata, sa.Column("id", sa.String, primary_key=True), *columns)
    return metadata


def test_columns_that_may_be_empty_are_added_and_old_rows_stay(old: sa.Engine) -> None:
    """An update of the program must open yesterday's record, again and again."""
    metadata = newer(expires=True, scopes=True)

    assert add_columns(old, metadata) == ["key.expires", "key.scopes"]
    assert add_columns(old, metadata) == []

    with old.begin() as connection:
        row = connection.execute(sa.select(metadata.tables["key"])).one()
    assert row._asdict() == {"id": "a", "expires": None, "scopes": None}


def test_a_column_that_may_not_be_empty_is_refused_and_nothing_is_added(old: sa.Engine) -> None:
    """A guess in every old row would be worse than a refusal."""
    with pytest.raises(StartError, match=r"lacks key\.needed"):
        add_columns(old, newer(fine=True, needed=False))

    assert {column["name"] for column in sa.inspect(old).get_columns("key")} == {"id"}


def test_what_only_the_record_has_stays(old: sa.Engine) -> None:
    """A record that a newer program opened is opened by an older one as well."""
    add_columns(old, newer(expires=True))

    assert add_columns(old, newer()) == []
    assert len(sa.inspect(old).get_columns("key")) == 2
