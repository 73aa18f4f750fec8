"""A TCP lane between a client and a server, which dawdles, stalls or breaks when it is told to."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self


class Lane:
    """A context. `delay_s` holds back each piece of an answer; `stalled` holds them back for ever;
    `broken` closes what is open and what is opened.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self.delay_s = 0.0
        self.stalled = False
        self.broken = False
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._ready = threading.Event()
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def mend(self) -> None:
        """As if nothing had been; connections of before are gone."""
        self.delay_s, self.stalled, self.broken = 0.0, False, False
        self.cut()

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        for writer in list(self._writers):
            writer.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.close()
            return
        with suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers |= {writer, back}
            await asyncio.gather(
                self._carry(reader, back, answers=False), self._carry(there, writer, answers=True)
            )
            self._writers -= {writer, back}

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if answers and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                while answers and self.stalled:
                    await asyncio.sleep(0.02)
                if self.broken:
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
