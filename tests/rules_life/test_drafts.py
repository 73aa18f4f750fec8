"""Drafts: no write is lost to one that did not see it, and none of them scores."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import open_record
from core.errors import Conflict, DefinitionError, NotFound, WorkError
from rules import life
from rules.life import drafts
from tests.rules_life.small import SMALL, edited


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    engine = open_record(tmp_path / "record.db")
    life.publish(engine, SMALL, "ana", "", None, 1, "cli")
    return engine


def save(engine: sa.Engine, points: int, revision: int | None, who: str = "ana") -> drafts.Draft:
    return drafts.save_draft(engine, "ours", edited(points), revision, who, 5)


def test_a_write_that_did_not_see_the_last_one_is_refused_by_name(engine: sa.Engine) -> None:
    """Two windows, one draft."""
    first = save(engine, 19, None)
    second = save(engine, 18, first.revision, "ben")
    assert (first.revision, second.revision) == (1, 2)

    with pytest.raises(Conflict, match="revision 2 of the draft `ours` was written by ben"):
        save(engine, 17, first.revision)
    with pytest.raises(Conflict):
        save(engine, 17, None)
    with pytest.raises(Conflict):
        drafts.drop_draft(engine, "ours", 1)

    assert drafts.read_draft(engine, "ours") == second


def test_a_draft_that_is_gone_is_not_brought_back_by_an_old_window(engine: sa.Engine) -> None:
    """Somebody threw it away on purpose."""
    save(engine, 19, None)
    drafts.drop_draft(engine, "ours", None)

    with pytest.raises(Conflict, match="is gone"):
        save(engine, 18, 1)
    with pytest.raises(NotFound):
        drafts.read_draft(engine, "ours")


def test_a_draft_is_published_over_what_it_began_from(engine: sa.Engine) -> None:
    """Whoever else published meanwhile is not undone."""
    save(engine, 19, None)
    life.publish(engine, edited(18), "ben", "", None, 6, "cli")

    with pytest.raises(Conflict, match="published by ben"):
        drafts.publish_draft(engine, "ours", None, "ana", "", 7)

    made = drafts.publish_draft(engine, "ours", 2, "ana", "", 7)
    assert made == life.Published(3, new=True, replaced=2)
    assert life.version_files(engine, 3) == edited(19)
    assert life.read_version(engine, 3).source == "api"


def test_publishing_a_draft_again_changes_nothing(engine: sa.Engine) -> None:
    """An answer that was lost on the way is asked for once more."""
    save(engine, 19, None)
    drafts.publish_draft(engine, "ours", None, "ana", "", 7)

    assert drafts.publish_draft(engine, "ours", None, "ana", "", 8) == life.Published(
        2, new=False, replaced=2
    )
    assert drafts.read_draft(engine, "ours").base == 2


def test_a_draft_that_changes_while_it_is_proven_is_not_published(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in force must be what was checked, and what its author sees in the draft."""
    draft = save(engine, 19, None)

    def prove_slowly(_files: object) -> None:
        save(engine, 18, draft.revision, "ben")

    monkeypatch.setattr(drafts, "prove", prove_slowly)
    with pytest.raises(Conflict, match="written by ben"):
        drafts.publish_draft(engine, "ours", None, "ana", "", 7)
    assert life.live_version(engine) == 1


def test_a_broken_draft_is_kept_and_not_published(engine: sa.Engine) -> None:
    """It is work in progress."""
    drafts.save_draft(engine, "ours", {"fit.yaml": "rules: ["}, None, "ana", 5)

    with pytest.raises(DefinitionError):
        drafts.publish_draft(engine, "ours", None, "ana", "", 7)
    assert drafts.read_draft(engine, "ours").files == {"fit.yaml": "rules: ["}
    assert life.live_version(engine) == 1


def test_drafts_are_not_without_end(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that names each one anew must not fill the record."""
    monkeypatch.setattr(drafts, "MOST", 1)
    save(engine, 19, None)

    with pytest.raises(WorkError, match="1 drafts"):
        drafts.save_draft(engine, "more", SMALL, None, "ana", 5)
    assert save(engine, 18, 1).revision == 2
    assert [one.name for one in drafts.list_drafts(engine)] == ["ours"]
