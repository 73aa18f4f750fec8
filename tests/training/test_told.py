"""What a training says of itself is read by people who did not see its rows."""

from __future__ import annotations

from core.clock import from_iso
from events.labels import Labels
from events.silence import Silence
from training.told import tell_silences


def test_a_time_without_ends_is_told_before_anything_is_learnt():
    """Else nobody would know why the newest leads teach nothing, nor that ends could be brought."""
    begin, end = from_iso("2019-12-26"), from_iso("2020-07-25")

    [line] = tell_silences(Labels([], 7, (Silence(begin, end, 10, 101.4),)))

    assert "2019-12-26 to 2020-07-25" in line
    assert "10 closings where 101 were" in line
    assert tell_silences(Labels([], 7)) == []
