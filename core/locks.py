"""One process for one duty in one data folder, held by the kernel: a crash lets go at once."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import StartError

_LOOK_AGAIN_S = 0.1


@contextmanager
def held(path: Path, duty: str, wait_s: float = 0.0) -> Iterator[None]:
    """Holds the lock file `path` while the block runs.

    StartError names the process that holds it still after `wait_s` seconds. The file stays behind:
    removing it would let two processes lock two files of one name.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, path, duty, time.monotonic() + wait_s)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, duty: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _taken(handle, path, duty) from None
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _taken(handle: int, path: Path, duty: str) -> StartError:
    holder = os.pread(handle, 20, 0).decode(errors="replace").strip() or "unknown"
    return StartError(
        f"{duty} already runs in {path.parent.parent} (process {holder}): "
        "stop it first, or name another folder with --data"
    )
