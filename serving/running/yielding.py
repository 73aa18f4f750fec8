"""How long a thread of Python may keep the others waiting, set for a server.

One thread runs at a time. One that wants to go on asks for it after this interval and not before,
and a score does so at each word it has with a store and from one thread to the next. By Python's
own 5 ms, a score that meets the log of samples being written waits for 5 ms at each of them.
"""

from __future__ import annotations

import sys

YIELD_S = 0.0005
"""A tenth of Python's own; a change of threads costs a fiftieth of it."""


def yield_soon() -> None:
    sys.setswitchinterval(YIELD_S)
