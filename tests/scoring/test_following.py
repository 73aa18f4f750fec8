"""What serves can be loaded by whoever starts; why nothing can be followed is in the record."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core import release
from core.clock import DAY, FixedClock
from core.database import open_record, reading
from core.errors import WorkError
from core.installation import Installation
from scoring import registry, unfollowed
from scoring.card import TREES_FILE
from scoring.released import load_released
from scoring.watcher import Watcher
from serving.running import model_findings
from serving.watches.model_watch import ModelWatch
from tests.registered import register

CLOCK = FixedClock(20_000 * DAY)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    made = Installation(tmp_path / "data").create()
    register(made, tmp_path / "files", versions=1)
    return made


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    return open_record(installation.record_db)


def damage(installation: Installation) -> Path:
    """One leaf is another."""
    trees = installation.releases / f"{registry.MODEL_NAME}-1" / TREES_FILE
    text = trees.read_text()
    trees.write_text(text.replace("leaf_value=", "leaf_value=7", 1))
    return trees


def told(engine: sa.Engine) -> str:
    with reading(engine) as record:
        return unfollowed.trouble(record)


@pytest.mark.parametrize("restarted", [True, False])
def test_a_damaged_release_folder_is_copied_out_anew(
    installation: Installation, engine: sa.Engine, restarted: bool
) -> None:
    """The registry holds an intact copy: nobody has to be called for it."""
    watcher = Watcher(installation, engine, CLOCK)
    watcher.look()
    before = release.current(engine)
    damage(installation)
    if restarted:
        watcher = Watcher(installation, engine, CLOCK)
    watcher.look()
    assert load_released(installation.releases, registry.MODEL_NAME, "1").version == "1"
    assert release.current(engine) == before


def test_the_doctor_tells_a_folder_that_is_refused_from_one_that_loads(
    installation: Installation, engine: sa.Engine
) -> None:
    """That a folder is there says nothing of what is in it."""
    Watcher(installation, engine, CLOCK).look()
    in_force = release.current(engine)
    assert model_findings.in_force(installation, in_force).state == "ok"
    damage(installation)
    found = model_findings.in_force(installation, in_force)
    assert found.state == "wrong"
    assert "is refused" in found.told
    assert "leadline promote 1" in found.do


def test_a_registry_that_cannot_be_read_is_told_until_it_can(
    installation: Installation, engine: sa.Engine
) -> None:
    """What serves goes on serving, so that nobody would miss the next champion."""
    watch = ModelWatch(installation, engine, CLOCK)
    watch.look()
    in_force = release.current(engine)
    assert told(engine) == ""
    assert model_findings.registry(installation, in_force).state == "ok"
    store = registry.store(installation)
    whole = store.read_bytes()
    store.write_bytes(b"no database at all" * 1_000)
    for _ in range(2):
        with pytest.raises(WorkError, match="cannot open the model registry"):
            watch.look()
    assert told(engine).startswith("cannot open the model registry")
    assert model_findings.registry(installation, in_force).state == "wrong"
    store.write_bytes(whole)
    # Whoever looks after a restart takes back what the process before it told.
    ModelWatch(installation, engine, CLOCK).look()
    assert told(engine) == ""


def test_a_champion_that_is_not_in_force_is_told(
    installation: Installation, engine: sa.Engine
) -> None:
    """As while nobody runs who would follow it."""
    found = model_findings.registry(installation, release.current(engine))
    assert (found.state, found.told) == ("note", "its champion is version 1, in force is none")
