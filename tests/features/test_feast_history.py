"""Feast's join over a lake whose files are merged and erased while it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from feast import FeatureStore
from lake_rows import MONDAY, opened, write

from core.errors import Unavailable
from features import feast_history
from features.definitions import Entity

ASKED = [("ada", MONDAY)]


def vanishing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """The file that Feast listed is gone when it opens it, so many times."""
    ask = FeatureStore.get_historical_features
    left = [times]

    def once_gone(self: FeatureStore, *args: Any, **words: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise duckdb.IOException("No files found that match the pattern")
        return ask(self, *args, **words)

    monkeypatch.setattr(FeatureStore, "get_historical_features", once_gone)
    return left


def test_it_is_asked_again_when_a_file_was_erased_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parity reads this way while an erasure rewrites the lake: no fault of anybody's."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ada", MONDAY, MONDAY, b"a")]])
    left = vanishing(monkeypatch, 2)

    found = feast_history.newest(installation, Entity.LEAD, ASKED, recorded=True)

    assert found == {ASKED[0]: b"a"}
    assert left == [-1]


def test_it_gives_up_in_the_end_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lake that cannot be read at all must not be asked for ever."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ada", MONDAY, MONDAY, b"a")]])
    vanishing(monkeypatch, 10_000)

    with pytest.raises(Unavailable, match="changes faster"):
        feast_history.newest(installation, Entity.LEAD, ASKED)
