"""`leadline rules publish`, `history`, `diff`, `show`, `rollback`, `snooze`, `stats`: as people run
them, in a shell and in CI.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from cli import run
from core.clock import SystemClock
from core.database import open_record, writing
from core.installation import Installation
from events.identity.tables import ACCOUNT, ACCOUNT_IDENTIFIER
from rules import life
from tests.rules_life.small import SMALL, edited


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    """Version 1 is in force, and one company is known."""
    engine = open_record(installation.record_db)
    life.publish(engine, SMALL, "ana", "", None, SystemClock().now(), "cli")
    return engine


class Shell:
    """Runs commands on one installation; `code`, `out` and `err` are those of the last."""

    def __init__(self, root: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._root = root
        self._capture = capture

    def __call__(self, *words: str) -> int:
        self.code = run(["rules", *words, "--data", str(self._root)])
        self.out, self.err = self._capture.readouterr()
        return self.code

    def json(self, *words: str) -> dict[str, object]:
        self(*words, "--json")
        told: dict[str, object] = json.loads(self.out)
        return told


@pytest.fixture
def shell(
    installation: Installation, engine: sa.Engine, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(installation.root, capsys)


class Terminal(io.StringIO):
    """A standard input at which a person sits."""

    def isatty(self) -> bool:
        return True


def write(folder: Path, files: dict[str, str]) -> str:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return str(folder)


def test_an_edit_from_what_is_in_force_and_back(shell: Shell, tmp_path: Path) -> None:
    """show → edit → diff → publish → history → rollback, each with its word."""
    draft = str(tmp_path / "draft")
    assert shell("show", "live", "--out", draft) == 0
    write(tmp_path / "draft", edited(30))
    assert shell("diff", "--draft", draft) == 0
    assert "~ target_industry: points 20 → 30" in shell.out
    assert shell("publish", "--draft", draft, "--author", "ben", "--note", "for retail") == 0
    assert shell.out.endswith("version 2 is in force (it was 1)\n")
    assert shell("history") == 0
    assert "ben" in shell.out
    assert "for retail" in shell.out
    assert shell("diff", "--from", "2", "--to", "1", "--text") == 0
    assert "-    points: 30\n+    points: 20" in shell.out
    assert shell("rollback", "--author", "eve") == 0
    assert shell.out == "version 1 is in force (it was 2)\n"
    assert shell("history") == 0
    assert "brought back by eve: back from version 2 to 1" in shell.out


def test_a_draft_knows_what_it_began_from(shell: Shell, engine: sa.Engine, tmp_path: Path) -> None:
    """Two people took a copy; the second to publish is told of the first, without any option."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    for folder in (mine, theirs):
        shell("show", "live", "--out", str(folder))
    write(theirs, edited(25))
    write(mine, edited(30))
    assert shell("publish", "--draft", str(theirs), "--author", "ben") == 0
    assert shell("publish", "--draft", str(mine)) == 1
    assert "version 2 was published by ben at 20" in shell.err
    assert "--expected 2" in shell.err
    assert life.live_version(engine) == 2

    write(theirs, edited(26))
    assert shell("publish", "--draft", str(theirs)) == 0  # it follows what it became itself
    assert shell("publish", "--draft", str(mine), "--expected", "3") == 0

    (mine / ".version").write_text("many")
    assert shell("publish", "--draft", str(mine)) == 2
    assert "--expected" in shell.err


def test_nothing_is_replaced_but_what_was_shown(
    shell: Shell, engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder from git knows no version: it replaces the one that its author was asked about."""
    asked: list[str] = []

    def answer(question: str, abort: bool) -> bool:
        asked.append(question)
        life.publish(engine, edited(25), "ben", "", None, SystemClock().now(), "api")
        return True

    draft = write(tmp_path / "draft", edited(30))
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", Terminal())
        patch.setattr("click.confirm", answer)
        assert shell("publish", "--draft", draft, "--author", "eve") == 1
    assert asked == ["publish this over version 1?"]
    assert "version 2 was published by ben at 20" in shell.err
    assert life.version_files(engine, life.live_version(engine)) == edited(25)

    assert shell("publish", "--draft", draft) == 0  # the difference from version 2 was shown
    assert shell.out.endswith("version 3 is in force (it was 2)\n")


def test_the_version_that_was_replaced_is_told(
    shell: Shell, engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the one that was in force when the command began to read."""
    life.publish(engine, edited(25), "ben", "", None, SystemClock().now(), "api")
    real = life.live_version

    def late(engine: sa.Engine) -> int:
        return real(engine) - 1

    draft = write(tmp_path / "draft", edited(30))
    monkeypatch.setattr(life, "live_version", late)
    assert shell.json("publish", "--draft", draft, "--expected", "2")["before"] == 2
    assert shell("rollback", "--expected", "3") == 0
    assert shell.out == "version 2 is in force (it was 3)\n"


def test_a_rollback_goes_back_from_what_its_command_has_seen(
    shell: Shell, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a number too: another version in force by then is named, and stays."""
    life.publish(engine, edited(25), "ben", "", None, SystemClock().now(), "api")
    real = life.live_version

    def slowly(engine: sa.Engine) -> int:
        live = real(engine)
        life.publish(engine, edited(30), "eve", "", None, SystemClock().now(), "api")
        return live

    monkeypatch.setattr(life, "live_version", slowly)
    assert shell("rollback", "--to", "1") == 1
    assert "version 3 was published by eve" in shell.err
    assert real(engine) == 3


def test_what_is_in_force_already_is_not_published_again(shell: Shell, tmp_path: Path) -> None:
    """CI runs at every push."""
    draft = write(tmp_path / "draft", SMALL)
    assert shell("publish", "--draft", draft) == 0
    assert shell.out.endswith("version 1 is in force already: nothing was published\n")
    told = shell.json("publish", "--draft", draft)
    assert told == {
        "ok": True, "version": 1, "new": False, "before": 1, "summary": "no difference",
    }  # fmt: skip


def test_ci_names_author_and_note_by_its_environment(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git is a source as good as the API: who pushed, and what the commit said."""
    monkeypatch.setenv("LEADLINE_AUTHOR", "ana@acme.example")
    monkeypatch.setenv("LEADLINE_NOTE", "a1b2c3: retailers are welcome")
    assert shell("publish", "--draft", write(tmp_path / "draft", edited(21))) == 0
    newest = json.loads(_out(shell, "history", "--json"))[0]
    assert (newest["author"], newest["note"], newest["source"]) == (
        "ana@acme.example", "a1b2c3: retailers are welcome", "cli",
    )  # fmt: skip
    assert newest["summary"] == "1 rule changed (target_industry)"


def _out(shell: Shell, *words: str) -> str:
    assert shell(*words) == 0
    return shell.out


def test_a_broken_draft_ends_with_two_and_a_wrong_example_with_one(
    shell: Shell, engine: sa.Engine, tmp_path: Path
) -> None:
    """For people lines, for scripts JSON; what is in force stays."""
    broken = {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("points:", "pionts:")}
    draft = write(tmp_path / "draft", broken)
    assert shell("publish", "--draft", draft) == 2
    assert shell.err.count("did you mean `points`?") == 2
    told = shell.json("publish", "--draft", draft)
    assert (shell.code, told["ok"]) == (2, False)
    assert len(told["problems"]) == 4  # type: ignore[arg-type]

    wrong = {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("[US, UK]", "[US]")}
    assert shell("publish", "--draft", write(tmp_path / "wrong", wrong)) == 1
    assert "should hit, and does not" in shell.err
    assert life.live_version(engine) == 1


def test_show_writes_only_into_an_empty_folder(shell: Shell, tmp_path: Path) -> None:
    """A draft that somebody is writing is not overwritten."""
    draft = tmp_path / "draft"
    assert shell("show", "1", "--out", str(draft)) == 0
    assert (draft / "fit.yaml").read_text() == SMALL["fit.yaml"]
    assert shell("show", "1", "--out", str(draft)) == 1
    assert "is not empty" in shell.err
    assert shell("show", "live") == 0
    assert "# ── fit.yaml of version 1" in shell.out
    assert shell.json("show", "1")["files"] == SMALL


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["show", "7"], 1),
        (["show", "newest"], 2),
        (["diff", "--from", "1", "--to", "9"], 1),
        (["diff", "--draft", "x", "--to", "1"], 2),
        (["rollback"], 1),
        (["rollback", "--to", "0"], 2),
        (["snooze", "a", "--account", "b"], 2),
        (["stats", "--days", "0"], 2),
    ],
)
def test_wrong_use_is_told_by_its_exit_code(shell: Shell, words: list[str], code: int) -> None:
    """2 for wrong use, 1 for what was asked rightly and is not there; never a traceback."""
    assert shell(*words) == code
    assert "Traceback" not in shell.err
    assert shell.err


def test_a_rule_is_snoozed_and_counts_again(shell: Shell, engine: sa.Engine) -> None:
    """By the company's domain; a slip is answered with the closest there is."""
    with writing(engine) as connection:
        connection.execute(sa.insert(ACCOUNT), [_account()])
        name = {"name": "domain:acme.example", "account_id": "a1"}
        connection.execute(sa.insert(ACCOUNT_IDENTIFIER), [name])
    until = ("--until", f"{_next_month()}")
    assert shell("snooze", "target_industri", "--account", "acme.exampel", *until) == 2
    assert "did you mean `target_industry`?" in shell.err
    assert "did you mean `acme.example`?" in shell.err
    asked = ("target_industry", "--account", "ACME.example")
    assert shell("snooze", *asked, *until, "--note", "a pilot") == 0
    (one,) = json.loads(_out(shell, "snoozes", "--json"))
    assert (one["rule"], one["account_id"], one["note"]) == ("target_industry", "a1", "a pilot")
    assert shell("unsnooze", *asked) == 0
    assert shell("unsnooze", *asked) == 1
    assert shell("snoozes") == 0
    assert shell.out == "no rule is snoozed\n"


def _account() -> dict[str, object]:
    filled = {column.name: 0 for column in ACCOUNT.c if not column.nullable}
    return {**filled, "account_id": "a1"}


def _next_month() -> str:
    from core.clock import DAY, to_iso

    return to_iso(SystemClock().now() + 30 * DAY)[:10]


def test_stats_of_an_installation_that_has_seen_nobody(shell: Shell) -> None:
    """Day one: a table, and nothing is called dead that was never asked."""
    assert shell("stats") == 0
    assert "nothing counted yet" in shell.out
    assert "0 of 8 rules are dead" in shell.out
    told = shell.json("stats")
    assert (told["version"], told["past"]) == (1, None)
