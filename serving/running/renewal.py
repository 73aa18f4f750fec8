"""A renewed certificate is served without a restart: the two files are looked at once a minute."""

from __future__ import annotations

import asyncio
import logging
import ssl

from core.clock import Clock
from core.settings import Api
from serving.running.tls import faults

LOOK_S = 60.0

_log = logging.getLogger(__name__)


class Renewal:
    """Follows the files that a context was made of. Files that are wrong leave it as it is."""

    def __init__(self, context: ssl.SSLContext, api: Api, clock: Clock) -> None:
        self._context = context
        self._api = api
        self._clock = clock
        self._seen = self._marks()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Takes new files for the connections to come. Half a renewal waits for its other half."""
        marks = self._marks()
        if marks == self._seen:
            return
        self._seen = marks
        if problems := faults(self._api, self._clock.now()):
            _log.error("the certificate stays as it was: %s", "; ".join(map(str, problems)))
            return
        try:
            self._context.load_cert_chain(str(self._api.tls_certificate), str(self._api.tls_key))
        except (OSError, ssl.SSLError) as wrong:
            self._seen = []  # changed again in this very moment: the next look takes them
            _log.error("the renewed certificate cannot be taken yet: %s", wrong)
        else:
            _log.info("a renewed certificate is served")

    def _marks(self) -> list[tuple[int, int]]:
        """When each file was written, and which it is; nothing of one that is away."""
        marks = []
        for file in (self._api.tls_certificate, self._api.tls_key):
            try:
                told = file.stat() if file is not None else None
            except OSError:
                told = None
            marks.append((told.st_mtime_ns, told.st_ino) if told else (0, 0))
        return marks
