"""What is in force: one row, replaced as a whole."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import release
from core.database import open_record


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_record(tmp_path / "record.db")
    yield engine
    engine.dispose()


def test_nothing_is_in_force_at_first(engine: sa.Engine) -> None:
    """Number 0 is an answer, so that a reader needs no exception for the first minute."""
    assert release.current(engine) == release.Release()


def test_a_change_keeps_what_it_does_not_name(engine: sa.Engine) -> None:
    """Publishing rules must not drop the champion, nor a promotion the rules."""
    release.make(engine, 1, "rules", rules_version=3)
    release.make(engine, 2, "model", model_name="lead_propensity", model_version="7")

    assert release.current(engine) == release.Release(2, 3, "lead_propensity", "7")


def test_no_change_makes_no_release(engine: sa.Engine) -> None:
    """The watcher says the same every few seconds."""
    first = release.make(engine, 1, "rules", rules_version=3)

    assert release.make(engine, 2, "again", rules_version=3) == first


def test_two_at_once_lose_neither_change(engine: sa.Engine) -> None:
    """Rules and models are published by different people."""
    with ThreadPoolExecutor(2) as pool:
        rules = pool.submit(release.make, engine, 1, "rules", rules_version=3)
        model = pool.submit(release.make, engine, 1, "model", model_name="m", model_version="1")

    assert {rules.result().number, model.result().number} == {1, 2}
    assert release.current(engine) == release.Release(2, 3, "m", "1")


def test_an_unknown_rules_version_is_refused(engine: sa.Engine) -> None:
    """An empty catalog in its place would suppress nobody."""
    with pytest.raises(KeyError):
        release.rule_files(engine, 9)
