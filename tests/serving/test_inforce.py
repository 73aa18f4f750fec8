"""What is in force: follows the release, and keeps the last good one when the next cannot load."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import rules
from core import release
from core.database import open_record
from core.errors import DefinitionError
from core.installation import Installation
from rules.life import publish, rollback, snoozes
from rules.life.publish import Edit, put_in_force
from serving.release.inforce import InForce

Publish = Callable[[Installation, str], Path]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path).create()


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    return open_record(installation.record_db)


def serve(engine: sa.Engine, version: str | None) -> None:
    name = "lead_propensity" if version else None
    release.make(engine, 1, "test", model_name=name, model_version=version)


def test_before_anything_is_published_the_shipped_rules_serve_without_a_model(
    installation: Installation, engine: sa.Engine
) -> None:
    """A score from rules alone is an answer, on day one."""
    loaded = InForce(installation, engine, 0.0).now()
    assert loaded.release.number == 0
    assert loaded.scorer is None
    assert loaded.degraded == ("model",)
    assert loaded.rulebook.rules()


def test_a_new_release_is_in_force_at_the_next_look(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """Promotions and rule edits need no restart."""
    in_force = InForce(installation, engine, 0.0)
    before = in_force.now()
    write_model(installation, "1")
    serve(engine, "1")
    after = in_force.now()
    assert after.scorer is not None
    assert after.scorer.version == after.release.model_version == "1"
    assert after.degraded == ()
    assert after.rulebook is before.rulebook
    version = publish(engine, rules.read_catalog(), "me", "edit", None, 2, "cli").version
    edited = in_force.now()
    assert edited.release.rules_version == version
    assert edited.scorer is after.scorer
    serve(engine, None)
    assert in_force.now().degraded == ("model",)


def test_between_looks_the_record_is_left_alone(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """A score call costs no query for this."""
    in_force = InForce(installation, engine, 1_000.0)
    before = in_force.now()
    write_model(installation, "1")
    serve(engine, "1")
    assert in_force.now() is before


def test_a_refused_model_leaves_the_last_good_one_serving_until_it_can_be_loaded(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """And the release told is the one that really answers."""
    in_force = InForce(installation, engine, 0.0)
    write_model(installation, "1")
    serve(engine, "1")
    good = in_force.now()
    folder = write_model(installation, "2")
    trees = (folder / "model.txt").read_text()
    (folder / "model.txt").write_text(trees.replace("1", "2", 1))
    serve(engine, "2")
    kept = in_force.now()
    assert kept.scorer is good.scorer
    assert kept.release.model_version == "1"
    assert kept.degraded == ("model",)
    assert kept.refused_model.startswith("model lead_propensity 2 refused: ")
    (folder / "model.txt").write_text(trees)
    repaired = in_force.now()
    assert repaired.scorer is not None
    assert repaired.scorer.version == "2"
    assert (repaired.degraded, repaired.refused_model) == ((), "")


def test_a_model_whose_folder_is_not_here_is_named_while_the_one_before_it_serves(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """So does it go on another machine, to which nobody copied it: served would be the old one for
    good, and nobody would see. Rolled back to what serves, nothing is missing.
    """
    in_force = InForce(installation, engine, 0.0)
    write_model(installation, "1")
    serve(engine, "1")
    assert in_force.now().degraded == ()
    serve(engine, "2")
    for _ in range(2):
        kept = in_force.now()
        assert (kept.release.model_version, kept.degraded) == ("1", ("model",))
    serve(engine, "1")
    assert in_force.now().degraded == ()


def test_a_first_model_that_is_refused_leaves_the_rules(
    installation: Installation, engine: sa.Engine
) -> None:
    """A missing folder is no reason to stop answering."""
    serve(engine, "9")
    loaded = InForce(installation, engine, 0.0).now()
    assert loaded.scorer is None
    assert loaded.release.model_version is None
    assert loaded.degraded == ("model",)


def test_broken_rules_keep_the_last_good_and_stop_a_first_start(
    installation: Installation, engine: sa.Engine
) -> None:
    """In the middle of traffic nothing may fail; at the start everything has to be said."""
    in_force = InForce(installation, engine, 0.0)
    good = in_force.now()
    put_in_force(engine, Edit({"fit.yaml": "["}, "me", "by hand", "cli"), None, 1)
    kept = in_force.now()
    assert kept.rulebook is good.rulebook
    assert kept.release.rules_version == 0
    assert kept.degraded == ("rules", "model")
    with pytest.raises(DefinitionError):
        InForce(installation, engine, 0.0).now()


def test_after_a_start_the_last_good_rules_are_sought_in_the_record(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """An update of the program may not know a word that an older one published by; a model that is
    promoted meanwhile serves.
    """
    files = rules.read_catalog()
    first = publish(engine, files, "me", "", None, 1, "cli").version
    edited = {**files, "fit.yaml": files["fit.yaml"] + "# edited\n"}
    second = publish(engine, edited, "me", "", None, 2, "cli").version
    rollback(engine, first, "me", 3)
    put_in_force(engine, Edit({"fit.yaml": "["}, "me", "by hand", "cli"), None, 4)
    in_force = InForce(installation, engine, 0.0)
    loaded = in_force.now()
    assert loaded.release.rules_version == first != second
    assert loaded.degraded == ("rules", "model")
    assert "rules version 3 refused" in loaded.refused_rules
    write_model(installation, "1")
    serve(engine, "1")
    assert in_force.now().degraded == ("rules",)
    rollback(engine, second, "me", 5)
    repaired = in_force.now()
    assert (repaired.release.rules_version, repaired.degraded) == (second, ())
    assert repaired.refused_rules == ""


def test_all_processes_fall_back_to_the_same_rules(
    installation: Installation, engine: sa.Engine
) -> None:
    """Also one that never saw the last good version, as a broken one followed within a second."""
    publish(engine, rules.read_catalog(), "me", "", None, 1, "cli")
    slow = InForce(installation, engine, 0.0)
    slow.now()
    files = rules.read_catalog()
    edited = {**files, "fit.yaml": files["fit.yaml"] + "# edited\n"}
    good = publish(engine, edited, "me", "", None, 2, "cli").version
    put_in_force(engine, Edit({"fit.yaml": "["}, "me", "by hand", "cli"), None, 3)
    fresh = InForce(installation, engine, 0.0)
    assert slow.now().release.rules_version == fresh.now().release.rules_version == good


def test_a_snooze_and_its_end_are_in_force_at_the_next_look(
    installation: Installation, engine: sa.Engine
) -> None:
    """The account executive who asked for quiet gets it now; and nothing is compiled for it."""
    in_force = InForce(installation, engine, 0.0)
    before = in_force.now()
    snoozes.add(engine, "pricing_seen", "a1", 100, "me", "", 10)
    begun = in_force.now()
    assert begun.rulebook is before.rulebook
    assert begun.snoozed.of("a1", 10) == {"pricing_seen"}
    assert begun.snoozed.of("a1", 9) == begun.snoozed.of("a1", 100) == frozenset()
    assert begun.snoozed.of("a2", 10) == begun.snoozed.of(None, 10) == frozenset()
    assert in_force.now() is begun
    snoozes.end(engine, "pricing_seen", "a1", "me", 20)
    assert in_force.now().snoozed.of("a1", 21) == frozenset()


def test_a_thread_of_its_own_brings_the_next_release_in(
    installation: Installation, engine: sa.Engine, write_model: Publish
) -> None:
    """No score waits while a model is read: whoever asks gets what is loaded."""
    in_force = InForce(installation, engine, 0.01)
    in_force.follow()
    try:
        before = in_force.now()
        in_force._looked_at = float("-inf")
        assert in_force.now() is before
        write_model(installation, "1")
        serve(engine, "1")
        deadline = time.monotonic() + 60
        while (scorer := in_force.now().scorer) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert scorer is not None
        assert scorer.version == "1"
    finally:
        in_force.close()


def test_the_thread_outlives_whatever_a_look_throws(
    installation: Installation, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What serves goes on serving, and the next look may succeed."""
    in_force = InForce(installation, engine, 0.01)
    before = in_force.now()
    looked = threading.Event()

    def fail() -> None:
        looked.set()
        raise MemoryError

    monkeypatch.setattr(in_force, "_look", fail)
    in_force.follow()
    try:
        assert looked.wait(60)
        looked.clear()
        assert looked.wait(60)
        assert in_force.now() is before
    finally:
        in_force.close()
