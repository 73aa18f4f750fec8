"""Time is an integer of microseconds, UTC."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import (
    DAY,
    FixedClock,
    SystemClock,
    day_end,
    from_datetime,
    from_iso,
    to_datetime,
    to_iso,
)

MOMENTS = st.integers(min_value=0, max_value=4_000_000_000_000_000)


@given(MOMENTS)
def test_a_moment_survives_the_way_to_datetime_and_back(at: int) -> None:
    """Any rounding there would put an event into another window than the one it was counted in."""
    assert from_datetime(to_datetime(at)) == at


@given(MOMENTS)
def test_iso_text_cuts_to_the_millisecond(at: int) -> None:
    """Rounding up would tell a moment that has not come yet."""
    assert from_iso(to_iso(at)) == at - at % 1000


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T09:00:00Z",
        "2026-11-23T09:00:00",
        "2026-11-23 09:00",
        "2026-11-23T10:00:00+01:00",
    ],
)
def test_a_time_without_a_zone_is_utc(text: str) -> None:
    """A machine's own zone must not move events."""
    assert from_iso(text) == from_datetime(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC))


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1764000000"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """A guess would be a wrong time without anybody knowing."""
    with pytest.raises(ValueError, match=r"."):
        from_iso(text)


@given(MOMENTS)
def test_a_day_ends_one_microsecond_before_the_next(at: int) -> None:
    """The prediction moment includes its whole day and nothing of the next."""
    end = day_end(at)

    assert end >= at
    assert (end + 1) % DAY == 0
    assert day_end(end) == end
    assert day_end(end + 1) == end + DAY


def test_a_fixed_clock_moves_only_when_told() -> None:
    """Tests and replays own their time."""
    clock = FixedClock(5)

    clock.move(7)

    assert (clock.now(), clock.now()) == (12, 12)


def test_the_system_clock_tells_microseconds_since_1970() -> None:
    """A wrong unit would be off by factors of a thousand everywhere."""
    assert 2020 < to_datetime(SystemClock().now()).year < 2200
