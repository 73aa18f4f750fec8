"""What a backtest answers. Rates are shares, 0–1; an interval holds the middle 95 %."""

from __future__ import annotations

import msgspec

from signals.backtest.chance import Interval


class Counted(msgspec.Struct, frozen=True):
    """Some leads, and how they ended."""

    leads: int
    won: int
    win_rate: float | None
    """None without leads."""
    interval: Interval | None
    """Wilson's, of the win rate."""


class Change(msgspec.Struct, frozen=True):
    """A figure before and after, with the intervals of a bootstrap by account.

    `difference` is after minus before, its interval is paired: it leaves out 0 when chance alone
    would hardly move the figure so far. None where a figure has no meaning.
    """

    before: float | None
    after: float | None
    difference: float | None
    before_interval: Interval | None
    after_interval: Interval | None
    difference_interval: Interval | None


class Part(msgspec.Struct, frozen=True):
    """A band or a grade."""

    before: Counted
    after: Counted
    change: Change
    """Of its win rate."""


class Both(msgspec.Struct, frozen=True):
    before: Counted
    after: Counted


class Move(msgspec.Struct, frozen=True):
    """Leads that went the same way; `before` and `after` are bands, or routing rules (None: no
    signal).
    """

    before: str | None
    after: str | None
    leads: int
    won: int


class Load(msgspec.Struct, frozen=True):
    """Hot leads that an owner would have had to answer within the same time."""

    owner: str
    respond_within_s: int
    before: int
    after: int


class Cause(msgspec.Struct, frozen=True):
    """A rule that told differently, and the priority points that it added or took away by that.

    For parts of `priority.yaml` the id is their name there and the effect is None.
    """

    id: str
    effect: float | None


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """A lead that changes band or route."""

    lead_id: str
    crm_id: str
    account_id: str | None
    moment: str
    """ISO 8601: as of when it was judged."""
    won: bool
    value: float | None
    propensity: float | None
    band_before: str
    band_after: str
    priority_before: float
    priority_after: float
    route_before: str | None
    """The routing rule; None when no signal would have left."""
    route_after: str | None
    owner_before: str | None
    owner_after: str | None
    because: tuple[Cause, ...]
    """Strongest first."""


class Origins(msgspec.Struct, frozen=True):
    """Where the propensities come from; the last three count leads."""

    model: str | None
    version: str | None
    out_of_fold: int
    held_out: int
    none: int


class Window(msgspec.Struct, frozen=True):
    """Leads whose end became known in it, looked at `moment_days` after their creation."""

    days: int
    start: str
    end: str
    moment_days: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    before_version: str
    after_version: str
    window: Window
    propensities: Origins
    leads: int
    won: int
    accounts: int
    closed_by_then: Counted
    """Leads whose deal had ended by their moment: they are counted everywhere else as well."""
    bands: dict[str, Part]
    grades: dict[str, Part]
    measures: dict[str, Change]
    suppressed: Both
    moves: tuple[Move, ...]
    """How many leads went from which band to which, those that stay among them."""
    routes: tuple[Move, ...]
    """Hot leads whose signal would have been routed by another rule, or not at all."""
    owners: tuple[Load, ...]
    flips: tuple[Flip, ...]
    flips_total: int
    warnings: tuple[str, ...]
    gain: dict[str, list[tuple[float, float]]]
    """`before` and `after`: share of leads worked off by priority, share of wins among them."""
