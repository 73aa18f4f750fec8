"""What a power cut leaves of the event log and of the record.

`kill -9` cannot tell: the system's page cache survives the process. Here whatever SQLite had not
synced is gone, at many moments of real writing; the same with synchronous=NORMAL shows that the
tests could fail.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from core.installation import Installation
from tests.proof.cut_log import cut_the_log
from tests.proof.cut_record import cut_the_record
from tests.proof.disk import Kept

pytestmark = pytest.mark.proof

NOTHING = "nothing unsynced"
KEPT: dict[str, Kept] = {
    NOTHING: lambda: False,
    "any half of it": functools.partial(random.Random(7).choice, (True, False)),
}


@pytest.mark.parametrize("kept", KEPT)
def test_a_power_cut_takes_no_acknowledged_event(
    tmp_path: Path, kept: str, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    """200 means that the event is on disk, not on its way there."""
    lost = cut_the_log(tmp_path, KEPT[kept], weaken=False, patch=monkeypatch)

    tell(f"\nlog, FULL, kept {kept}: {lost}")
    assert lost.cuts > 50
    assert lost.acknowledged > 1_000
    assert lost.missing == 0


def test_the_same_log_with_less_syncing_loses_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Callable[[str], None]
) -> None:
    """Otherwise the test above would prove nothing."""
    lost = cut_the_log(tmp_path, KEPT[NOTHING], weaken=True, patch=monkeypatch)

    tell(f"\nlog, NORMAL: {lost}")
    assert lost.missing > 0


@pytest.mark.parametrize("kept", KEPT)
def test_after_a_power_cut_effects_and_offset_still_agree(
    installation: Installation,
    redis_client: redis.Redis,
    kept: str,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    """An offset without its effects loses events; effects without it count them twice. And what
    the worker has published to lake and online store is never ahead of the record.
    """
    lost = cut_the_record(installation, redis_client, KEPT[kept], False, monkeypatch)

    tell(f"\nrecord, FULL, kept {kept}: {lost}")
    assert lost.cuts > 50
    assert lost.missing == 0


def test_the_same_record_with_less_syncing_falls_behind(
    installation: Installation,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    """It still agrees with itself, but lake and online store would be ahead of it."""
    lost = cut_the_record(installation, redis_client, KEPT[NOTHING], True, monkeypatch)

    tell(f"\nrecord, NORMAL: {lost}")
    assert lost.missing > 0
