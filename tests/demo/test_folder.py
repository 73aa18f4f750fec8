"""The demo empties a folder: it must be its own, and nothing may run in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import StartError
from core.installation import Installation
from core.locks import held
from core.settings import load_settings
from demo.folder import make_anew, new_webhook_secret, write_settings


def test_a_new_folder_is_made(tmp_path: Path) -> None:
    """The first run needs no preparation."""
    installation = Installation(tmp_path / "a" / "demo")
    make_anew(installation)
    assert installation.run.is_dir()


def test_an_earlier_demo_is_emptied(tmp_path: Path) -> None:
    """Leftovers would be counted as if they had been posted now."""
    installation = Installation(tmp_path / "demo")
    make_anew(installation)
    installation.record_db.write_text("old")
    (installation.lake / "old.parquet").write_text("old")
    make_anew(installation)
    assert not installation.record_db.exists()
    assert not list(installation.lake.iterdir())


def test_anybody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    """`--data` may be mistyped: nothing that the demo did not make is ever removed."""
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(StartError, match="was not made by"):
        make_anew(Installation(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_file_is_refused(tmp_path: Path) -> None:
    """One clear line instead of a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="is no folder"):
        make_anew(Installation(tmp_path / "file"))


def test_a_running_demo_is_not_emptied(tmp_path: Path) -> None:
    """`--keep-running` leaves a system behind; pulling its stores away would lose events."""
    installation = Installation(tmp_path / "demo")
    make_anew(installation)
    installation.record_db.write_text("in use")
    with (
        held(installation.run / "up.lock", "`leadline up`"),
        pytest.raises(StartError, match="already runs"),
    ):
        make_anew(installation)
    assert installation.record_db.exists()


def test_a_link_is_removed_and_not_what_it_points_to(tmp_path: Path) -> None:
    """Emptying must stay inside the folder."""
    installation = Installation(tmp_path / "demo")
    make_anew(installation)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("")
    (installation.root / "link").symlink_to(elsewhere)
    make_anew(installation)
    assert (elsewhere / "kept").exists()
    assert not os.path.lexists(installation.root / "link")


def test_the_settings_written_are_read(tmp_path: Path) -> None:
    """What the demo writes goes through the same door as an operator's settings."""
    file = tmp_path / "leadline.yaml"
    secret = new_webhook_secret()
    write_settings(file, "http://127.0.0.1:1/crm", "http://127.0.0.1:1/slack", secret)
    signals = load_settings(file).signals
    assert set(signals.destinations) == {"console", "webhook:crm", "slack:#hot-leads"}
    crm = signals.destinations["webhook:crm"].secret
    assert crm is not None
    assert crm.get_secret_value() == secret
    assert signals.allow_private_addresses
    assert file.stat().st_mode & 0o077 == 0
