"""What a cell says: a number, a moment, yes or no, or nothing at all.

Exports write all of these in many ways. A shape is accepted only if it can mean nothing else; where
two readings are possible (1.234, 03/04/2020) the whole column decides, not the cell.
"""

from __future__ import annotations

import datetime as dt
import enum
import functools
import math
import re
import zoneinfo

from core.clock import SECOND, from_datetime

MISSING = frozenset(
    {"", "-", "--", "–", "—", ".", "?", "n/a", "na", "n.a.", "#n/a", "nan", "nil", "none", "null",
     "(null)", "(none)", "(blank)", "select", "-- select --", "please select", "undefined"}
)  # fmt: skip
"""In lower case: what people and programs write where they have nothing to say."""

YES = frozenset({"yes", "y", "true", "t", "ja", "oui", "si", "sí", "on", "1"})
NO = frozenset({"no", "n", "false", "f", "nein", "non", "off", "0"})


class Shape(enum.IntFlag):
    """What a text can be read as."""

    NUMBER = enum.auto()  # 1,234.5: the point is decimal
    COMMA_NUMBER = enum.auto()  # 1.234,5
    WHOLE = enum.auto()  # digits alone, no leading zero: a number, or a code
    FLAG = enum.auto()
    DAY_FIRST = enum.auto()
    MONTH_FIRST = enum.auto()
    EMAIL = enum.auto()


_SIGN = r"(?P<sign>[-+−(]?)\s*(?:[€$£¥]|USD|EUR|GBP|CHF)?\s*"
_UNIT = r"\s*(?P<times>[kKmM]|bn|Mio)?\s*(?P<unit>%|[€$£¥]|[A-Za-z]{2,12}\.?)?\)?$"
_POINT = re.compile(rf"^{_SIGN}(?P<whole>\d{{1,3}}(?:[, '\u00a0]\d{{3}})+|\d+|(?=\.))"
                    rf"(?P<part>\.\d+)?(?P<power>[eE][-+]?\d{{1,3}})?{_UNIT}")  # fmt: skip
_COMMA = re.compile(rf"^{_SIGN}(?P<whole>\d{{1,3}}(?:[. '\u00a0]\d{{3}})+|\d+)"
                    rf"(?P<part>,\d+)?(?P<power>[eE][-+]?\d{{1,3}})?{_UNIT}")  # fmt: skip
_TIMES = {"k": 1e3, "m": 1e6, "mio": 1e6, "bn": 1e9}
_DIGIT = re.compile(r"\d")
_LEADING_ZERO = re.compile(r"^0\d")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")

_ZONE = r"(?P<zone>Z|UTC|[-+]\d\d:?\d\d)?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d{1,9}))?)?"
_TIME = rf"(?:[T ,]+{_CLOCK}\s*(?P<half>[AaPp][Mm])?\s*{_ZONE})?$"
_YEAR, _ANY_YEAR = r"(?P<year>\d{4})", r"(?P<year>\d{4}|\d{2})"
_A, _B, _M = r"(?P<a>\d{1,2})", r"(?P<b>\d{1,2})", r"(?P<m>[A-Za-z]{3,9})"
_YEAR_FIRST = re.compile(rf"^{_YEAR}(?P<s>[-/.]){_B}(?P=s){_A}{_TIME}")
_YEAR_LAST = re.compile(rf"^{_A}(?P<s>[-/.]){_B}(?P=s){_ANY_YEAR}{_TIME}")
_NAMED = re.compile(rf"^{_A}[-. ]+{_M}[-., ]+{_ANY_YEAR}{_TIME}")
_NAME_FIRST = re.compile(rf"^{_M}\.? {_A},? {_YEAR}{_TIME}")
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2200


def is_missing(text: str, missing: frozenset[str] = MISSING) -> bool:
    return text.lower() in missing


@functools.lru_cache(maxsize=200_000)
def shape_of(text: str) -> Shape:
    """Everything that a text can be read as; most columns repeat their texts."""
    shape = Shape.FLAG if text.lower() in YES or text.lower() in NO else Shape(0)
    if len(text) > 64 or not _DIGIT.search(text):
        return shape | Shape.EMAIL if _EMAIL.match(text) else shape
    if text.isascii() and text.isdigit():  # most cells of most files: no pattern is needed
        whole = Shape.NUMBER | Shape.COMMA_NUMBER | Shape.WHOLE
        return shape if _LEADING_ZERO.match(text) else shape | whole
    if not _LEADING_ZERO.match(text):
        if _POINT.match(text):
            shape |= Shape.NUMBER
        if _COMMA.match(text):
            shape |= Shape.COMMA_NUMBER
    if moment_of(text, day_first=True) is not None:
        shape |= Shape.DAY_FIRST
    if moment_of(text, day_first=False) is not None:
        shape |= Shape.MONTH_FIRST
    return shape | Shape.EMAIL if _EMAIL.match(text) else shape


def number_of(text: str, *, comma: bool = False) -> float | None:
    """`€ 1,200`, `12 %`, `3.5k`, `(40)`, `10 employees`; with `comma` `1.200,50`. None if none."""
    found = (_COMMA if comma else _POINT).match(text)
    if found is None:
        return None
    whole = re.sub(r"[^\d]", "", found["whole"])
    part = (found["part"] or "").replace(",", ".")
    number = float(f"{whole or 0}{part}{found['power'] or ''}")
    number *= _TIMES.get((found["times"] or "").lower(), 1.0)
    if not math.isfinite(number):  # beyond what a float holds
        return None
    return -number if found["sign"] in {"-", "−", "("} else number


def unit_of(text: str) -> str:
    """What stands behind a number: `employees`, `%`; columns with many units are no numbers."""
    found = _POINT.match(text) or _COMMA.match(text)
    return (found["unit"] or "").lower() if found else ""


def flag_of(text: str) -> int | None:
    told = text.lower()
    return 1 if told in YES else 0 if told in NO else None


def moment_of(
    text: str, *, day_first: bool = True, zone: dt.tzinfo = dt.UTC, end: bool = False
) -> int | None:
    """A date or a date with a time → microseconds, UTC; `zone` where the text names none.

    A date alone is its first instant, or its last one with `end`: nothing is known before it can
    have happened. None for what is no date of the years 1900–2200.
    """
    for pattern in (_YEAR_FIRST, _YEAR_LAST, _NAMED, _NAME_FIRST):
        if found := pattern.match(text):
            return _moment(found, day_first or pattern is _YEAR_FIRST, zone, end)
    return None


def _moment(found: re.Match[str], day_first: bool, zone: dt.tzinfo, end: bool) -> int | None:
    told = found.groupdict()
    year = int(told["year"])
    if len(told["year"]) == 2:
        year += 2000 if year < 70 else 1900
    day = int(told["a"])
    if "m" in told:
        month = _MONTHS.get(told["m"][:3].lower(), 0)
    else:
        month = int(told["b"])
        day, month = (day, month) if day_first else (month, day)
    try:
        date = dt.datetime(year, month, day, tzinfo=_zone(told["zone"]) or zone)
        if told["hour"] is not None:
            date = date.replace(
                hour=_hour(int(told["hour"]), told["half"]),
                minute=int(told["minute"]),
                second=int(told["second"] or 0),
                microsecond=int(f"{told['part'] or 0:0<6}"[:6]),
            )
        elif end:
            # Not a day later by the clock: where the clocks change, a day has 23 or 25 hours.
            date += dt.timedelta(days=1, microseconds=-1)
    except (ValueError, OverflowError):
        return None
    return from_datetime(date) if _EARLIEST_YEAR <= year <= _LATEST_YEAR else None


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _zone(told: str | None) -> dt.tzinfo | None:
    if told is None:
        return None
    if told in {"Z", "UTC"}:
        return dt.UTC
    sign = -1 if told[0] == "-" else 1
    return dt.timezone(sign * dt.timedelta(hours=int(told[1:3]), minutes=int(told[-2:])))


def reads_both_ways(text: str) -> bool:
    """03/04/2020 is in March as well as in April."""
    day, month = moment_of(text, day_first=True), moment_of(text, day_first=False)
    return None not in (day, month) and day != month


def epoch_of(text: str, per_second: int) -> int | None:
    """Seconds (1) or milliseconds (1,000) since 1970 → microseconds."""
    number = number_of(text)
    return None if number is None else round(number * SECOND / per_second)


def zone_named(name: str) -> dt.tzinfo:
    """`UTC`, `Europe/Berlin`. KeyError for an unknown one."""
    try:
        return dt.UTC if name == "UTC" else zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as problem:
        raise KeyError(name) from problem
