"""Peak memory of the demo and everything it started, sampled once a second."""

from __future__ import annotations

import threading

import psutil

_EVERY_S = 1.0
_MIB = 1024 * 1024


class PeakMemory:
    """Use as a context manager. Shared pages are counted once where the kernel tells (PSS)."""

    def __init__(self) -> None:
        self.peak_mib = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def mib(self) -> float:
        """What is held now, by this process and all its descendants."""
        own = psutil.Process()
        processes = [own, *own.children(recursive=True)]
        return sum(_bytes(one) for one in processes) / _MIB

    def _sample(self) -> None:
        while not self._over.wait(_EVERY_S):
            self.peak_mib = max(self.peak_mib, self.mib())


def _bytes(process: psutil.Process) -> int:
    try:
        told = process.memory_full_info()
        return int(getattr(told, "pss", 0) or told.rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # it ended between listing and asking
        return 0
