"""Everything that a score leans on breaks, one after the other, under load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.proof.under_faults import FAULTS, Fate, endure, place_of
from tests.serving.conftest import trees, write_model

__all__ = ["trees", "write_model"]

pytestmark = pytest.mark.proof

RECOVERY_S = 5.0
NAMED = {"slow", "cut_off", "stopped", "killed", "wrong_type"}
"""Faults that no answer could hide."""


def test_every_call_is_answered_whatever_breaks_and_all_is_well_soon_after(
    tmp_path: Path, write_model: Any, tell: Callable[[str], None]
) -> None:
    """The same score from first to last; what is missing is named, and no longer than it is."""
    with place_of(tmp_path, write_model) as place:
        fates = [endure(place, fault) for fault in FAULTS]
    for one in fates:
        tell(_row(one))
    assert [one.fault for one in fates if one.failed] == []
    assert {one.scores for one in fates} == {1}
    assert {one.fault for one in fates if "online_store" in one.missing} >= NAMED
    assert [one.fault for one in fates if one.recovery_s > RECOVERY_S] == []


def _row(one: Fate) -> str:
    missing = ", ".join(f"{name} {count:,}" for name, count in one.missing.items()) or "nothing"
    return (
        f"| {one.fault} | {one.answered:,} | {one.failed} | {missing} | {one.median_ms:.1f} | "
        f"{one.slowest_ms:.0f} | {one.recovery_s:.1f} |"
    )
