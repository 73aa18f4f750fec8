"""Runs a role until a signal asks it to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

GRACE_S = 10.0
"""A role that has not ended so long after it was asked is ended: no crash loses anything."""


def run_until_signal(role: Callable[[threading.Event], None]) -> None:
    """Runs `role(stop)` in a thread and sets `stop` on SIGINT, SIGTERM or SIGHUP.

    In a thread, because a handler that set the event itself could interrupt the role inside that
    very event and wait for its own lock for ever. What the role raises is raised here.
    """
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    stop = threading.Event()
    raised: list[BaseException] = []

    def work() -> None:
        try:
            role(stop)
        except BaseException as problem:  # noqa: BLE001  (handed over to the main thread)
            raised.append(problem)

    thread = threading.Thread(target=work, name="role", daemon=True)
    thread.start()
    while thread.is_alive() and not asked:
        thread.join(0.1)
    stop.set()
    thread.join(GRACE_S)
    if thread.is_alive():
        print("not ended in time: ending it now", file=sys.stderr)  # noqa: T201
        os._exit(1)
    if raised:
        raise raised[0]
