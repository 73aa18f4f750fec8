"""A catalog becomes the next version: proven, in one transaction, over what its author has seen."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import release
from core.database import open_record
from core.errors import Conflict, DefinitionError, NotFound, WorkError
from rules import Rulebook, life
from rules.life.publish import Edit, put_in_force
from tests.rules_life.small import SMALL, edited


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def publish(engine: sa.Engine, points: int, expected: int | None = None, at: int = 1) -> int:
    return life.publish(engine, edited(points), "ana", "", expected, at, "cli").version


def test_a_version_says_who_when_why_from_where_and_what_it_changed(engine: sa.Engine) -> None:
    """Whoever asks in a year why a lead was hot finds the person, the reason and the edit."""
    publish(engine, 19, at=1)
    life.publish(engine, edited(18), "ben", "less of it", 1, 2, "api")

    newest, first = life.history(engine)
    assert (newest.number, newest.author, newest.note) == (2, "ben", "less of it")
    assert (newest.published_at, newest.source, newest.parent) == (2, "api", 1)
    assert newest.diff is not None
    assert [(one.name, one.fields[0].after) for one in newest.diff.changes] == [
        ("target_industry", "18")
    ]
    assert (first.parent, first.diff, first.note) == (None, None, "the first version")
    assert [one.in_force for one in (newest, first)] == [True, False]
    assert life.version_files(engine, 1) == edited(19)


def test_a_note_that_nobody_wrote_says_what_changed(engine: sa.Engine) -> None:
    """A history of empty lines tells nothing."""
    publish(engine, 19)
    publish(engine, 18)

    assert life.history(engine)[0].note == "1 rule changed (target_industry)"


def test_what_is_in_force_already_makes_no_version(engine: sa.Engine) -> None:
    """CI publishes at every run; only an edit is news."""
    publish(engine, 19)

    made = life.publish(engine, edited(19), "ci", "again", None, 2, "cli")

    assert made == life.Published(1, new=False, replaced=1)
    assert len(life.history(engine)) == 1
    assert release.current(engine).number == 1


def test_a_publication_that_is_sent_again_is_done(engine: sa.Engine) -> None:
    """The first answer was lost; the second must not tell of a conflict with oneself."""
    publish(engine, 19)
    publish(engine, 18, expected=1)

    assert life.publish(engine, edited(18), "ana", "", 1, 2, "cli") == life.Published(
        2, new=False, replaced=2
    )


def test_a_broken_draft_is_refused_with_all_reasons_and_the_live_one_stays(
    engine: sa.Engine,
) -> None:
    """Half a catalog in force would route to nobody."""
    publish(engine, 19)
    broken = edited(18)
    broken["fit.yaml"] = broken["fit.yaml"].replace("points: 18", "pionts: 18")
    broken["routing.yaml"] = broken["routing.yaml"].replace("op: is", "op: iss", 1)

    with pytest.raises(DefinitionError) as refused:
        life.publish(engine, broken, "ana", "", None, 2, "cli")

    files = {problem.path.partition(":")[0] for problem in refused.value.problems}
    assert files == {"fit.yaml", "routing.yaml"}
    assert life.live_version(engine) == 1


def test_an_example_that_comes_out_wrong_is_refused(engine: sa.Engine) -> None:
    """The author says in the example what the rule is for."""
    wrong = {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("[US, UK]", "[US]")}

    with pytest.raises(WorkError, match="come out otherwise"):
        life.publish(engine, wrong, "ana", "", None, 1, "cli")

    assert life.history(engine) == []


def test_the_second_of_two_publishers_is_refused_by_name(engine: sa.Engine) -> None:
    """Their edit never saw the first one, and would silently undo it."""
    publish(engine, 19)
    publish(engine, 18, expected=1)

    with pytest.raises(Conflict, match="version 2 was published by ana at 1970-01-01T") as refused:
        publish(engine, 17, expected=1)

    assert "--expected 2" in refused.value.do
    assert life.live_version(engine) == 2


def test_of_many_at_once_one_wins(engine: sa.Engine) -> None:
    """The check and the write are one transaction."""
    publish(engine, 19)

    def attempt(points: int) -> str:
        try:
            return str(publish(engine, points, expected=1))
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(attempt, range(10, 18)))

    assert outcomes == ["2", *["refused"] * 7]
    assert release.current(engine).number == 2


def test_a_version_keeps_the_model_and_a_promotion_the_rules(engine: sa.Engine) -> None:
    """They are published by different people."""
    release.make(engine, 1, "a model", model_name="m", model_version="7")
    publish(engine, 19)
    release.make(engine, 2, "another", model_name="m", model_version="8")

    in_force = release.current(engine)
    assert (in_force.rules_version, in_force.model_version) == (1, "8")


def test_rollback_returns_step_by_step_and_keeps_the_numbers(engine: sa.Engine) -> None:
    """A score of version 1 means the same before and after."""
    for points in (19, 18, 17):
        publish(engine, points)

    back = [life.rollback(engine, None, "eve", at).version for at in (5, 6)]

    assert back == [2, 1]
    live = life.read_version(engine, 1)
    assert live.since is not None
    assert (live.since.author, live.since.at, live.since.again) == ("eve", 6, True)
    assert [one.number for one in life.history(engine)] == [3, 2, 1]
    with pytest.raises(WorkError, match="no earlier version"):
        life.rollback(engine, None, "eve", 7)


def test_after_a_rollback_the_next_version_is_a_child_of_what_was_brought_back(
    engine: sa.Engine,
) -> None:
    """Rolling that one back must not lead to the version that was given up."""
    for points in (19, 18):
        publish(engine, points)
    life.rollback(engine, None, "eve", 5)

    assert publish(engine, 16, expected=1) == 3
    assert life.read_version(engine, 3).parent == 1
    assert life.rollback(engine, None, "eve", 6).version == 1


def test_an_edit_begun_before_a_rollback_is_refused_and_told_who_rolled_back(
    engine: sa.Engine,
) -> None:
    """It began from rules that somebody has just given up."""
    for points in (19, 18):
        publish(engine, points)
    life.rollback(engine, 1, "eve", 5)

    with pytest.raises(Conflict, match="version 1 was brought back by eve"):
        publish(engine, 17, expected=2)


def test_rollback_to_what_nobody_published_or_nobody_can_compile_is_refused(
    engine: sa.Engine,
) -> None:
    """In the middle of an alarm the wrong number must not make it worse."""
    publish(engine, 19)
    put_in_force(engine, Edit({"fit.yaml": "["}, "ana", "", "cli"), None, 2)
    publish(engine, 18)

    with pytest.raises(NotFound, match="version 9"):
        life.rollback(engine, 9, "eve", 5)
    with pytest.raises(DefinitionError, match="version 2 is no longer right"):
        life.rollback(engine, 2, "eve", 5)
    assert life.live_version(engine) == 3


def test_rollback_to_what_is_in_force_changes_nothing(engine: sa.Engine) -> None:
    """Pressed twice."""
    publish(engine, 19)
    publish(engine, 18)
    life.rollback(engine, 1, "eve", 5)
    before = release.current(engine)

    assert life.rollback(engine, 1, "eve", 6) == life.Published(1, new=False, replaced=1)
    assert release.current(engine) == before


def test_a_rollback_takes_back_only_what_its_caller_has_seen(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody publishes while a rollback finds its way is not undone with the rest."""
    for points in (19, 18):
        publish(engine, points)
    publishing = importlib.import_module("rules.life.publish")  # its function has its name
    compile_it = publishing.load_catalog

    def slowly(files: dict[str, str]) -> Rulebook:
        put_in_force(engine, Edit(edited(17), "ana", "", "cli"), None, 4)
        book: Rulebook = compile_it(files)
        return book

    monkeypatch.setattr(publishing, "load_catalog", slowly)
    with pytest.raises(Conflict, match="version 3 was published by ana") as refused:
        life.rollback(engine, None, "eve", 5)

    assert "about to replace version 2" in refused.value.detail
    assert "rollback --to 1 --expected 3" in refused.value.do
    assert life.live_version(engine) == 3


def test_a_rollback_that_is_done_already_is_no_conflict(engine: sa.Engine) -> None:
    """Two people answer the same alarm, and both are right."""
    for points in (19, 18):
        publish(engine, points)
    life.rollback(engine, 1, "eve", 5, expected=2)

    done = life.rollback(engine, 1, "ben", 6, expected=2)

    assert done == life.Published(1, new=False, replaced=1)
