"""Thirty times `kill -9`: every acknowledged message counts once, every signal arrives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.kills import prove
from tests.proof.running import VICTIMS

pytestmark = pytest.mark.proof

KILLS = 30


def test_thirty_kills_lose_nothing_and_count_nothing_twice(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Api, worker, deliver, online store and the supervisor itself die, under traffic."""
    proof = prove(tmp_path, KILLS, seed=7)

    tell(f"\nkilled {', '.join(proof.killed)}; {proof.tries} batches offered")
    for claim, pair in proof.tally.items():
        tell(f"| {claim} | {pair.wanted} | {pair.found} |")
    assert set(proof.killed) == set(VICTIMS)
    assert proof.tally["signals, received with a valid signature"].wanted > 0
    assert {claim: pair for claim, pair in proof.tally.items() if pair.wanted != pair.found} == {}
