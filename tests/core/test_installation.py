"""The data folder."""

import stat
from pathlib import Path

import pytest

from core.errors import StartError
from core.installation import Installation


def test_only_its_owner_may_look_inside(tmp_path: Path) -> None:
    """It holds the secret, the record and personal values."""
    installation = Installation(tmp_path / "data").create()
    installation.secret()

    assert stat.S_IMODE(installation.root.stat().st_mode) == 0o700
    assert stat.S_IMODE((installation.root / "secret").stat().st_mode) == 0o600


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    """Lead ids are keyed with it: another secret would know nobody."""
    first = Installation(tmp_path).create().secret()

    assert len(first) == 32
    assert Installation(tmp_path).create().secret() == first


def test_a_damaged_secret_is_never_replaced(tmp_path: Path) -> None:
    """A new one in its place would silently forget everybody."""
    (tmp_path / "secret").write_bytes(b"short")

    with pytest.raises(StartError, match="5 bytes instead of 32") as refused:
        Installation(tmp_path).secret()
    assert "backup" in refused.value.do


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    """`--data` may name anything; a file in the way is the operator's mistake."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StartError, match="as data folder"):
        Installation(tmp_path / "file" / "data").create()


def test_it_exists_once_it_has_a_record(tmp_path: Path) -> None:
    """A folder alone is no installation: commands that only look must say so."""
    installation = Installation(tmp_path).create()
    assert not installation.exists()

    installation.record_db.touch()

    assert installation.exists()
