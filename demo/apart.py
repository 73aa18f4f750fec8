"""Runs one function in a process of its own: its memory is given back when it returns."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from core.errors import WorkError

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_S = 600.0


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns or raises. Arguments and result are pickled.

    However this is left, Ctrl-C too, the process has ended. WorkError when it takes 10 minutes.
    """
    with multiprocessing.get_context("spawn").Pool(1, initializer=_leave_interrupts) as pool:
        try:
            return pool.apply_async(function, args, kwargs).get(PATIENCE_S)
        except multiprocessing.TimeoutError as problem:
            name = f"{function.__module__}.{function.__qualname__}"
            raise WorkError(f"{name} did not end in {PATIENCE_S:.0f} s") from problem


def _leave_interrupts() -> None:
    """Ctrl-C reaches the whole group; the parent alone decides, and ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
