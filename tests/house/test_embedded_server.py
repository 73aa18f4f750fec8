"""The embedded online store, as a real server."""

import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from core.connections import address_file, connect_redis, redis_url
from core.errors import StartError
from core.installation import Installation
from core.settings import load_settings
from serving.running import embedded
from serving.running.embedded import Embedded


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path).create()


@pytest.fixture
def server(installation: Installation) -> Iterator[Embedded]:
    server = Embedded(installation)
    with subprocess.Popen(
        server.command(), cwd=installation.redis, stdout=subprocess.DEVNULL
    ) as process:
        while not server.answers():
            time.sleep(0.01)
        yield server
        process.terminate()


def test_it_answers_at_the_address_it_wrote(installation: Installation, server: Embedded) -> None:
    """Every other process finds it by that file alone."""
    url = redis_url(installation, load_settings(None))

    assert url == server.url
    assert connect_redis(url, 1.0).ping() is True


def test_nobody_gets_in_without_the_password(server: Embedded) -> None:
    """Loopback is open to every user of the machine; lead tiles are not for them."""
    bare = f"redis://{server.url.split('@')[1]}"

    with pytest.raises(redis.AuthenticationError):
        connect_redis(bare, 1.0).ping()


def test_its_password_is_for_the_owner_alone(installation: Installation, server: Embedded) -> None:
    """Neither the files nor the process list may tell it."""
    for file in (address_file(installation), installation.redis / "valkey.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    password = server.url.split(":")[2].split("@")[0]
    assert all(password not in word for word in server.command())


def test_it_refuses_rather_than_forgets(server: Embedded) -> None:
    """An evicted lead would look like one that never did anything."""
    client = connect_redis(server.url, 1.0)

    assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert client.config_get("hash-max-listpack-value")["hash-max-listpack-value"] == "4096"


def test_it_keeps_nothing_on_disk(installation: Installation, server: Embedded) -> None:
    """A snapshot could only be older than the record it is derived from."""
    client = connect_redis(server.url, 1.0)
    client.set("key", "value")

    assert client.config_get("save")["save"] == ""
    assert client.config_get("appendonly")["appendonly"] == "no"
    assert [path.name for path in installation.redis.iterdir()] == ["valkey.conf"]


def test_a_machine_without_any_server_is_told_what_brings_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wheel has servers for Linux and macOS only; Debian's is the fallback."""
    monkeypatch.setattr(embedded.shutil, "which", lambda _name: None)

    with pytest.raises(StartError) as refused:
        embedded._installed_program()
    assert "apt-get install redis-server" in refused.value.do
