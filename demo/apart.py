"""Runs one function in a process of its own: its memory is given back when it returns."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

from core.errors import WorkError
from demo.tied import end_with_parent

P = ParamSpec("P")
R = TypeVar("R")


def apart(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns or raises. Arguments and result are pickled.

    However this is left, Ctrl-C too, the process has ended. WorkError when it dies on its way: it
    was killed, or could not even start.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    work = context.Process(
        target=_answer, args=(os.getpid(), there, function, args, kwargs), daemon=True
    )
    work.start()
    there.close()  # so that `recv` sees the end of the other side
    try:
        answer, raised = here.recv()
        work.join()
    except EOFError:
        work.join()
        name = f"{function.__module__}.{function.__qualname__}"
        raise WorkError(f"{name} ended without an answer (exit code {work.exitcode})") from None
    finally:
        work.kill()
        here.close()
    if raised is not None:
        raise raised
    told: R = answer
    return told


def _answer(
    parent: int,
    there: Connection,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> None:
    end_with_parent(parent)
    # Ctrl-C reaches the whole group; the parent alone decides, and ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        answer = function(*args, **kwargs)
    except Exception as problem:  # noqa: BLE001  (handed over to the parent)
        there.send((None, problem))
    else:
        there.send((answer, None))
