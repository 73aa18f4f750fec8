"""Who runs on which core, and what it took of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


class Cores(NamedTuple):
    """The service has one for itself; load and online store share the other."""

    service: int
    load: int


def two_cores() -> Cores | None:
    """The first and the last of those we may use; None where there is one alone, or no say."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    ours = sorted(os.sched_getaffinity(0))
    return Cores(ours[0], ours[-1]) if len(ours) > 1 else None


def pin(pid: int, *cores: int) -> None:
    """All threads that a process has; those that they start stay there too."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def started_on(cores: Cores | None) -> Iterator[None]:
    """What is started in the block, and all that it starts, runs on the core of the service."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.service})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def core_seconds(pid: int) -> float:
    """What a process has used so far of any core, in hundredths."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident_mb(pid: int) -> float:
    """Memory of a process that is in use now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
