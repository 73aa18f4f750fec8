"""Ties a process to the one that started it: `python -m demo.tied PARENT train …` runs `leadline`.

Whoever kills the demo outright leaves nothing of it behind. The process ties itself, because its
parent has threads and must not run code of its own between fork and exec.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """On Linux the kernel kills this process when `parent` has ended; elsewhere nothing does."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def main() -> None:
    from cli import run

    end_with_parent(int(sys.argv[1]))
    sys.exit(run(sys.argv[2:]))


if __name__ == "__main__":
    main()
