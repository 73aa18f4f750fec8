"""uvicorn's HTTP protocol, which can leave a connection unread for a while."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HOLD = "leadline.hold"
"""Extension of a request's scope: called with seconds, nothing is read of its connection so long.

What comes meanwhile waits in the kernel's buffers, and then at the sender. Applications of another
server do without.
"""


class HttpProtocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HOLD: self._hold}  # type: ignore[dict-item]

    def _hold(self, seconds: float) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()
            self.loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()
