"""The least that a score could cost here: the same server, one HMGET, the same bytes.

`python -m benchmarks.floor URL PORT FILE` answers every request with the file's bytes, after one
HMGET of the same width as a lead's. It reads no body, checks no key and decides nothing.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
import uvicorn
import uvloop

from benchmarks.child import serving
from benchmarks.place import Place
from core.connections import ask, connect_redis
from features.definitions import Entity
from features.online import BESIDE, FIELD, key_of
from serving.running.embedded import free_port


class Floor:
    def __init__(self, client: redis.Redis, key: bytes, body: bytes) -> None:
        self._client = client
        self._asked = [("HMGET", key, FIELD[Entity.LEAD], BESIDE)]
        headers = [(b"content-type", b"application/json")]
        headers.append((b"content-length", str(len(body)).encode()))
        self._head = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        ask(self._client, self._asked)
        await send(self._head)
        await send(self._body)


@contextmanager
def floor(place: Place, lead_id: str, body: bytes) -> Iterator[tuple[int, int]]:
    """Yields its port and its process."""
    port, file = free_port(), place.installation.run / "floor.json"
    file.write_bytes(body)
    command = ("benchmarks.floor", place.url, str(port), str(file), lead_id)
    log = place.installation.logs / "floor.log"
    with serving(command, log, f"http://127.0.0.1:{port}/") as pid:
        yield port, pid


def main() -> None:
    url, port, file, lead_id = sys.argv[1:]
    key = key_of(Entity.LEAD, lead_id)
    app = Floor(connect_redis(url, 5.0), key, Path(file).read_bytes())
    door = socket.create_server(("127.0.0.1", int(port)), backlog=2_048)
    config = uvicorn.Config(
        app, loop="none", http="httptools", ws="none", lifespan="off", log_config=None,
        access_log=False, server_header=False,
    )  # fmt: skip
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve([door]))


if __name__ == "__main__":
    main()
