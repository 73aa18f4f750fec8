"""The C library's memory, set for a server: what a call gives back stays for the next one.

Arrays of a thousand leads are larger than what the library keeps by itself. It would hand each of
them back to the system at once, and the next call would wait for empty pages again: 2,000 of them,
a sixth of all that a batch of scores costs.
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""As `malloc.h` numbers them."""
KEPT = 64 << 20
"""Bytes free at the end of a heap up to which it is not made smaller."""
LARGE = 32 << 20
"""Bytes from which on a piece is asked of the system by itself: the most that glibc takes."""


def keep_freed_memory() -> bool:
    """False where the library cannot be told: then it works as it always does."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, LARGE)) and bool(mallopt(_TRIM_THRESHOLD, KEPT))
