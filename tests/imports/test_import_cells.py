"""What a cell says, in the many ways in which exports write it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY, SECOND, from_datetime, from_iso, to_datetime
from events.imports.cells import (
    Shape,
    epoch_of,
    flag_of,
    is_missing,
    moment_of,
    number_of,
    reads_both_ways,
    shape_of,
    unit_of,
    zone_named,
)

POINT = {
    "0": 0, "1,234.50": 1234.5, "1234.5": 1234.5, "€ 1 200": 1200, "$1,200,300": 1_200_300,
    "12 %": 12, "3k": 3000, "1.2M": 1_200_000, "10 employees": 10, "(40)": -40, "-5": -5,
    "−5": -5, ".5": 0.5, "1e5": 100_000, "EUR 7": 7, "1'000": 1000,
}  # fmt: skip
COMMA = {"1.234,50": 1234.5, "1 200,5": 1200.5, "0,5": 0.5, "12,5 %": 12.5}
NONE = ("", "A1", "10-50", "Inf", "nan", "1.5x", "1,23,4", "3:15", "12 Main Street", "--", "1..2")


@pytest.mark.parametrize(("text", "number"), POINT.items())
def test_a_number_is_read(text: str, number: float) -> None:
    """Units, currencies and separators do not make a word of it."""
    assert number_of(text) == pytest.approx(number)


@pytest.mark.parametrize(("text", "number"), COMMA.items())
def test_a_number_with_a_decimal_comma_is_read(text: str, number: float) -> None:
    """Half of Europe exports so."""
    assert number_of(text, comma=True) == pytest.approx(number)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number_is_none(text: str) -> None:
    """A wrong guess would be a value that nobody told."""
    assert number_of(text) is None
    assert not shape_of(text) & Shape.NUMBER


def test_codes_with_leading_zeros_are_no_numbers() -> None:
    """01067 is a postal code."""
    assert not shape_of("01067") & (Shape.NUMBER | Shape.WHOLE)
    assert shape_of("0.5") & Shape.NUMBER


def test_the_unit_is_told() -> None:
    """A column of many units is no column of numbers."""
    assert [unit_of(text) for text in ("10 employees", "5%", "7", "x")] == [
        "employees",
        "%",
        "",
        "",
    ]


@given(st.floats(-1e12, 1e12, allow_nan=False))
def test_a_written_number_comes_back(number: float) -> None:
    """Whatever a program writes out, with or without separators."""
    assert number_of(repr(number)) == number
    assert number_of(f"{number:,.2f}") == pytest.approx(round(number, 2), abs=1e-2)
    swapped = f"{number:,.2f}".translate(str.maketrans(",.", ".,"))
    assert number_of(swapped, comma=True) == pytest.approx(round(number, 2), abs=1e-2)


FORMATS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y", "%d %b %Y", "%d-%b-%y", "%B %d, %Y",
           "%Y/%m/%d")  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%SZ", " %I:%M %p", " %H:%M:%S +0000")


@given(
    st.integers(0, from_iso("2068-12-31") // SECOND).map(lambda at: to_datetime(at * SECOND)),
    st.sampled_from(FORMATS),
    st.sampled_from(TIMES),
)
def test_a_written_date_comes_back(at: dt.datetime, date: str, time: str) -> None:
    """Several ways in one column are no problem; only day and month have to be told apart."""
    text = at.strftime(date + time)
    parts = {"microsecond": 0}
    if "%S" not in time:
        parts["second"] = 0
    if not time:
        parts |= {"hour": 0, "minute": 0}
    wanted = from_datetime(at.replace(**parts))  # type: ignore[arg-type]
    assert moment_of(text) == wanted
    if date == "%d/%m/%Y":
        american = at.strftime("%m/%d/%Y" + time)
        assert moment_of(american, day_first=False) == wanted
        assert reads_both_ways(american) == (at.day <= 12 and at.day != at.month)


def test_a_date_alone_may_stand_for_its_last_instant() -> None:
    """A deal that closed some time that day is not known at its beginning."""
    start = from_iso("2026-03-29")
    assert moment_of("2026-03-29", end=True) == start + DAY - 1
    berlin = zone_named("Europe/Berlin")
    short = moment_of("29.03.2026", zone=berlin, end=True)
    assert short == from_iso("2026-03-30T00:00:00+02:00") - 1
    assert moment_of("29.03.2026 12:00", zone=berlin) == from_iso("2026-03-29T10:00:00Z")


@pytest.mark.parametrize("text", ["2020-13-01", "31.02.2020", "1899-01-01", "0000-01-01", "may",
                                  "2020-01-01 25:00", "13:00 PM", "12/2020", ""])  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    """Also what a lenient parser would make a date of."""
    assert moment_of(text) is None


def test_flags_epochs_and_blanks() -> None:
    """The rest of what cells say."""
    assert [flag_of(text) for text in ("Yes", "FALSE", "1", "maybe")] == [1, 0, 1, None]
    assert epoch_of("1700000000", 1) == epoch_of("1700000000000", 1_000) == 1_700_000_000_000_000
    assert all(is_missing(text) for text in ("", "-", "N/A", "Select", "NULL", "None"))
    assert not is_missing("unknown")
    with pytest.raises(KeyError):
        zone_named("Mars/Olympus")
