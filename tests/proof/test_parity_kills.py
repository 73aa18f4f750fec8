"""Ten deaths of worker and online store, and no served value that history has otherwise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proof.parity_kills import prove

pytestmark = pytest.mark.proof

LEADS = 400
ROUNDS = 10
ENOUGH = 100_000
"""Values that have to be compared."""
TELLING = 0.4
"""Share of them that has to be neither zero nor missing: two zeros would agree by accident."""


def test_no_served_value_differs_though_worker_and_store_are_killed_ten_times(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    """Under live traffic, with history still coming in, degraded answers included."""
    proof = prove(tmp_path, LEADS, ROUNDS, seed=7)

    found = proof.parity
    share = found["filled"] / found["compared"]
    rebuilt = sum(life.filled for life in proof.stores[1:])
    tell(f"\nkilled {', '.join(proof.killed)}")
    tell(f"stores killed {len(proof.stores) - 1}, rebuilt before their end {rebuilt}")
    tell(f"scores answered {proof.answered:,}, kept of the degraded ones {proof.degraded:,}")
    tell(f"{found['compared']:,} values of {found['vectors']:,} vectors: {share:.1%} neither zero")
    tell(f"nor missing, {found['mismatches']:,} differ; entities that differ: {proof.differ}")
    assert found["mismatches"] == 0, found["examples"]
    assert found["compared"] >= ENOUGH
    assert share >= TELLING
    assert proof.killed.count("worker") == proof.killed.count("redis") == ROUNDS
    assert all(life.loaded == 0 for life in proof.stores)
    assert proof.stores[-1].filled
    assert rebuilt > ROUNDS / 2
    assert proof.degraded > 0
    assert proof.differ == 0
