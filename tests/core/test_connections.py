"""The way to the stores."""

import socket
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from core.connections import Address, address_file, connect_redis, existing_record, redis_url
from core.errors import StartError
from core.installation import Installation
from core.settings import load_settings

SETTINGS = load_settings(None)


def test_the_settings_stand_above_the_embedded_server(tmp_path: Path) -> None:
    """Whoever names a server means it, also while an embedded one happens to run."""
    settings = load_settings(None, redis={"url": "redis://elsewhere:6379/0"})

    assert redis_url(Installation(tmp_path), settings) == "redis://elsewhere:6379/0"


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"url": 5}'])
def test_without_any_server_it_says_how_to_get_one(tmp_path: Path, content: bytes | None) -> None:
    """A role started alone on a fresh folder, or a damaged address file."""
    installation = Installation(tmp_path).create()
    if content is not None:
        address_file(installation).write_bytes(content)

    with pytest.raises(StartError) as refused:
        redis_url(installation, SETTINGS)
    assert "leadline up" in refused.value.do


def test_a_silent_server_is_asked_once() -> None:
    """It accepts and never answers; a client that retried would hold every score for seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        client = connect_redis(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", timeout_s=0.05)

        with pytest.raises(RedisError):
            client.ping()

        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):  # nobody else is waiting
            silent.accept()


def test_looking_makes_no_installation(tmp_path: Path) -> None:
    """A mistyped --data must not leave an empty record behind that looks like a real one."""
    with pytest.raises(StartError, match="no installation in"):
        existing_record(Installation(tmp_path / "typo"), SETTINGS)

    assert list(tmp_path.iterdir()) == []


def test_the_address_names_no_more_than_a_url() -> None:
    """Other programs read the file: its shape is a promise."""
    assert Address.__struct_fields__ == ("url",)
