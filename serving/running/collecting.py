"""Python's cycle collector, set for a server: what was loaded at its start is not looked at again.

A full collection looks at every object there is, half a million of them imported code, and comes
ever again while batches of scores are made. None of what a score is made of refers to itself.
"""

from __future__ import annotations

import gc

YOUNG = 50_000
"""Objects made since the last look before there is one; Python's own 700 are a few scores."""


def collect_seldom() -> None:
    """Once all that stays is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
