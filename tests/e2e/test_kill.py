"""Two of the thirty kills of `tests/proof/test_kills.py`, so that every run of CI has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.kills import prove

pytestmark = pytest.mark.e2e

WORKER_THEN_API = 1
"""A seed that draws these two first."""


def test_two_kills_lose_nothing_and_count_nothing_twice(tmp_path: Path) -> None:
    """200 is a promise, and a crash is not an excuse: not for a message, nor for a signal."""
    proof = prove(tmp_path, kills=2, seed=WORKER_THEN_API)

    assert proof.killed == ["worker", "api"]
    assert proof.tally["signals, received with a valid signature"].wanted > 0
    assert {claim: pair for claim, pair in proof.tally.items() if pair.wanted != pair.found} == {}
