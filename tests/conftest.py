"""What many tests need: an installation in a temporary folder, and a real Valkey."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings

from core.connections import connect_redis
from core.installation import Installation
from serving.running.embedded import Embedded

settings.register_profile("untimed", deadline=None)  # nothing under test is timed
settings.load_profile("untimed")


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data").create()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real server, started once for all tests of this process."""
    place = Installation(tmp_path_factory.mktemp("redis")).create()
    server = Embedded(place)
    child = subprocess.Popen(server.command(), stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not server.answers():
            assert child.poll() is None, "the online store stopped"
            assert time.monotonic() < deadline, "the online store does not answer"
            time.sleep(0.02)
        yield server.url
    finally:
        child.terminate()
        child.wait(10)


@pytest.fixture
def redis_client(redis_server: str) -> redis.Redis:
    """Empty at the start of each test."""
    client = connect_redis(redis_server, timeout_s=2.0)
    client.flushall()
    return client
