"""API keys: only their hash is kept, and a refusal is felt within a second."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core.clock import HOUR, FixedClock
from core.database import open_record
from core.errors import DefinitionError, StartError, WorkError
from serving.commands.keys import keys as command
from serving.keys import STALE_S, KeyKind, KeyRing, Scope, create, list_keys, revoke, rotate


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


class Ticks:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_key_is_found_by_itself_only_and_never_stored(engine: sa.Engine, tmp_path: Path) -> None:
    """Whoever reads the record learns no key."""
    made = create(engine, KeyKind.WRITE, 1)
    ring = KeyRing(engine)
    found = ring.find(made.key)
    assert found is not None
    assert (found.id, found.kind) == (made.id, KeyKind.WRITE)
    assert ring.find(made.key + "x") is None
    assert ring.find("") is None
    assert made.key.encode() not in (tmp_path / "record.db").read_bytes()


def test_a_revoked_key_is_refused_once_the_memory_is_stale(engine: sa.Engine) -> None:
    """Within a second, though no request costs a query."""
    ticks = Ticks()
    made = create(engine, KeyKind.SECRET, 1)
    ring = KeyRing(engine, monotonic=ticks)
    assert ring.find(made.key)
    revoke(engine, made.id, 2)
    assert ring.find(made.key)
    ticks.at = STALE_S
    assert STALE_S < 1
    assert ring.find(made.key) is None


def test_a_new_key_works_at_once_and_guesses_cost_no_query_each(engine: sa.Engine) -> None:
    """Made and used in the same script; a flood of wrong keys must not reach the record."""
    ticks = Ticks()
    ring = KeyRing(engine, monotonic=ticks)
    assert ring.find("guess") is None
    made = create(engine, KeyKind.SECRET, 1)
    queries: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *told: queries.append(told[2]))
    assert all(ring.find(f"guess-{at}") is None for at in range(100))
    assert queries == []
    ticks.at = 0.2
    assert ring.find(made.key)


def test_a_rotated_key_ends_after_its_grace(engine: sa.Engine) -> None:
    """Senders have time to change; the new key is of the same kind."""
    clock = FixedClock(10)
    old = create(engine, KeyKind.SECRET, 1)
    new = rotate(engine, old.id, clock.now(), HOUR)
    assert new.kind is KeyKind.SECRET
    ring = KeyRing(engine, clock)
    assert ring.find(old.key)
    assert ring.find(new.key)
    clock.move(HOUR)
    assert ring.find(old.key) is None
    assert ring.find(new.key)
    with pytest.raises(WorkError, match="expired"):
        rotate(engine, old.id, clock.now(), HOUR)


def test_revoking_again_changes_nothing_and_a_wrong_id_says_so(engine: sa.Engine) -> None:
    """The moment of the first refusal is what an audit asks for."""
    made = create(engine, KeyKind.WRITE, 1)
    revoke(engine, made.id, 5)
    revoke(engine, made.id, 9)
    assert [key.revoked_at for key in list_keys(engine)] == [5]
    with pytest.raises(WorkError, match="no key"):
        revoke(engine, "nope", 5)


def test_the_command_makes_lists_rotates_and_revokes(tmp_path: Path) -> None:
    """`create --json` prints id, kind and key; the key never appears again."""
    runner = CliRunner()
    data = ["--data", str(tmp_path)]
    made = json.loads(
        runner.invoke(command, ["create", "--kind", "secret", "--json", *data]).output
    )
    assert set(made) == {"id", "kind", "key"}
    assert made["kind"] == "secret"
    rotated = runner.invoke(command, ["rotate", made["id"], "--grace-hours", "0", *data])
    assert rotated.exit_code == 0
    listed = runner.invoke(command, ["list", "--json", *data]).output
    assert made["key"] not in listed
    assert sorted(key["state"] for key in json.loads(listed)) == ["expired", "valid"]
    assert runner.invoke(command, ["revoke", made["id"], *data]).exit_code == 0
    assert "revoked" in runner.invoke(command, ["list", *data]).output
    assert runner.invoke(command, ["create", "--kind", "both", *data]).exit_code == 2


def test_an_installation_that_never_was_has_no_keys_to_list(tmp_path: Path) -> None:
    """A mistyped --data must not leave a new installation behind."""
    folder = tmp_path / "mistyped"
    result = CliRunner().invoke(command, ["list", "--data", str(folder)])
    assert isinstance(result.exception, StartError)
    assert not folder.exists()


def test_a_scope_is_given_listed_kept_by_rotation_and_never_assumed(tmp_path: Path) -> None:
    """Who may publish rules is asked of a key that was made for it, and of no other."""
    runner = CliRunner()
    data = ["--data", str(tmp_path), "--json"]
    plain = json.loads(runner.invoke(command, ["create", "--kind", "secret", *data]).output)
    wanted = ["--scope", "rules:publish", "--scope", "rules:draft", "--scope", "rules:draft"]
    made = json.loads(runner.invoke(command, ["create", "--kind", "secret", *wanted, *data]).output)
    rotated = json.loads(runner.invoke(command, ["rotate", made["id"], *data]).output)
    assert made["scopes"] == rotated["scopes"] == ["rules:draft", "rules:publish"]
    listed = json.loads(runner.invoke(command, ["list", *data]).output)
    assert {one["id"]: one["scopes"] for one in listed} == {
        plain["id"]: [], made["id"]: made["scopes"], rotated["id"]: made["scopes"],
    }  # fmt: skip
    assert runner.invoke(command, ["create", "--kind", "secret", "--scope", "all"]).exit_code == 2


def test_a_write_key_has_no_scopes(engine: sa.Engine) -> None:
    """It stands in web pages, where anybody reads it."""
    with pytest.raises(DefinitionError, match="rules:publish"):
        create(engine, KeyKind.WRITE, 1, [Scope.RULES_PUBLISH])
    assert list_keys(engine) == []
