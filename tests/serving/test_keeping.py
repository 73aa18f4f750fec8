"""What a call gives back stays for the next one."""

from __future__ import annotations

import subprocess
import sys

_LOOK = """
import resource
from serving.running.keeping import keep_freed_memory

def empty_pages(calls):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(calls):
        [bytearray(1 << 20) for _ in range(10)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print(keep_freed_memory())
empty_pages(2)
print(empty_pages(10))
"""


def test_a_piece_that_was_given_back_is_used_again() -> None:
    """Else each batch of scores waits for thousands of empty pages from the system.

    In a process of its own: it sets the C library for good.
    """
    told = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True)
    kept, pages = told.stdout.split()
    if kept == "True":  # glibc: others give back what they like
        assert int(pages) < 256  # the pages of one piece of a hundred
