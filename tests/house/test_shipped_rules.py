"""The shipped rule catalog, as `leadline up` puts it in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import release
from core.clock import FixedClock
from core.database import open_record
from rules import read_catalog
from rules.life import publish, rollback
from serving.release import shipped
from serving.release.shipped import publish_shipped_rules

CLOCK = FixedClock(1_764_000_000_000_000)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_record(tmp_path / "record.db")
    yield engine
    engine.dispose()


def changed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The next version of the program ships another catalog."""
    files = read_catalog()
    files["fit.yaml"] += "\n# another version\n"
    monkeypatch.setattr(shipped, "read_catalog", lambda: files)
    return files


def test_a_fresh_record_gets_the_shipped_rules(engine: sa.Engine) -> None:
    """Useful on day one: scores need rules, and nobody has written any yet."""
    made = publish_shipped_rules(engine, CLOCK)

    assert (made.number, made.rules_version) == (1, 1)
    assert release.rule_files(engine, 1) == read_catalog()


def test_starting_again_changes_nothing(engine: sa.Engine) -> None:
    """A version a start would bury the versions that somebody meant."""
    first = publish_shipped_rules(engine, CLOCK)

    assert publish_shipped_rules(engine, CLOCK) == first


def test_a_new_shipped_catalog_follows_the_old_one(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever never wrote rules wants those of the version they run; the model stays."""
    publish_shipped_rules(engine, CLOCK)
    release.make(engine, CLOCK.now(), "a model", model_name="m", model_version="1")
    files = changed(monkeypatch)

    made = publish_shipped_rules(engine, CLOCK)

    assert (made.rules_version, made.model_version) == (2, "1")
    assert release.rule_files(engine, 2) == files


def test_rules_that_somebody_published_stay(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update of the program must not undo what the people in sales decided."""
    publish_shipped_rules(engine, CLOCK)
    files = {**read_catalog(), "fit.yaml": read_catalog()["fit.yaml"] + "\n# ours\n"}
    publish(engine, files, "ana", "ours", 1, CLOCK.now(), "cli")
    theirs = release.current(engine)
    changed(monkeypatch)

    assert publish_shipped_rules(engine, CLOCK) == theirs
    assert theirs.rules_version == 2


def test_a_return_to_the_shipped_rules_outlives_a_start(engine: sa.Engine) -> None:
    """What was brought back is in force, though a newer version lies in the record."""
    publish_shipped_rules(engine, CLOCK)
    files = {**read_catalog(), "fit.yaml": read_catalog()["fit.yaml"] + "\n# ours\n"}
    publish(engine, files, "ana", "ours", 1, CLOCK.now(), "cli")
    rollback(engine, None, "ana", CLOCK.now())

    assert publish_shipped_rules(engine, CLOCK).rules_version == 1
