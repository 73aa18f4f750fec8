"""Who was scored in which arm, when first, and how often since: what an experiment is read from.

One row for each lead and the unit it was drawn in. The first exposure stands: arm, moment and
scores of that moment are written once; counts add up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from core.database import metadata, upsert
from signals import suppressions

if TYPE_CHECKING:
    from signals.standing import Standing

EXPOSURE = sa.Table(
    "exposure",
    metadata,
    sa.Column("experiment", sa.String(16), primary_key=True),
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("unit", sa.String(32), primary_key=True),
    sa.Column("arm", sa.String(16), nullable=False),
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("propensity", sa.Float),
    sa.Column("priority", sa.Float, nullable=False),
    sa.Column("band", sa.String(8), nullable=False),
    sa.Column("shadow_propensity", sa.Float),
    sa.Column("shadow_priority", sa.Float),
    sa.Column("shadow_band", sa.String(8)),
    sa.Column("scores", sa.Integer, nullable=False),
    sa.Column("signals", sa.Integer, nullable=False),
    sa.Column("suppressed", sa.Integer, nullable=False),  # of the scores
    sa.Column("unsubscribed", sa.Integer, nullable=False),  # how often by now
    sa.Column("unsubscribed_before", sa.Integer, nullable=False),
    sa.Column("timed", sa.Integer, nullable=False),  # of the scores, with their seconds
    sa.Column("seconds", sa.Float, nullable=False),
    sqlite_with_rowid=False,
)
_COLUMNS = tuple(column.name for column in EXPOSURE.columns)
_ADDED = ("scores", "signals", "suppressed", "timed", "seconds")
_LATEST = ("unsubscribed",)
_WRITTEN_ONCE = tuple(
    column.name
    for column in EXPOSURE.columns
    if not column.primary_key and column.name not in {*_ADDED, *_LATEST}
)

UNSUBSCRIBES = "unsubscribes_ever"
"""The feature that complaints are read from."""

Key = tuple[str, str, str]


class Exposure(msgspec.Struct, kw_only=True):
    """One lead in one arm: its first score there, and how often it was scored.

    `shadow_…` are the challenger's figures where it only shadows. `seconds` are those of the score
    calls for this lead alone, `timed` their number. `suppressed_by` holds, for each rule that
    suppressed it, the first moment.
    """

    experiment: str
    lead_id: str
    unit: str
    arm: str
    first_at: int
    propensity: float | None
    priority: float
    band: str
    shadow_propensity: float | None = None
    shadow_priority: float | None = None
    shadow_band: str | None = None
    scores: int = 1
    signals: int = 0
    suppressed: int = 0
    suppressed_by: dict[str, int] = msgspec.field(default_factory=dict)
    unsubscribed: int = 0
    unsubscribed_before: int = 0
    timed: int = 0
    seconds: float = 0.0

    @property
    def key(self) -> Key:
        return self.experiment, self.lead_id, self.unit

    def add(self, later: Exposure) -> None:
        """Counts a later score of the same lead in."""
        self.scores += later.scores
        self.signals += later.signals
        self.suppressed += later.suppressed
        for rule, at in later.suppressed_by.items():
            self.suppressed_by.setdefault(rule, at)
        self.unsubscribed = max(self.unsubscribed, later.unsubscribed)
        self.timed += later.timed
        self.seconds += later.seconds


def exposure_of(
    standing: Standing, signals: int = 0, seconds: float | None = None
) -> Exposure | None:
    """None where no experiment had a hand in it. `signals`: how many were sent for it."""
    place, shadow = standing.place, standing.shadow
    if place is None:
        return None
    unsubscribed = int(standing.vector.values.get(UNSUBSCRIBES) or 0)
    told = Exposure(
        experiment=place.experiment,
        lead_id=standing.vector.lead_id,
        unit=place.unit,
        arm=place.arm,
        first_at=standing.vector.as_of,
        propensity=standing.score.propensity if standing.score else None,
        priority=standing.priority,
        band=standing.band,
        signals=signals,
        suppressed=int(standing.report.suppressed),
        suppressed_by=dict.fromkeys(standing.report.by, standing.vector.as_of),
        unsubscribed=unsubscribed,
        unsubscribed_before=unsubscribed,
        timed=0 if seconds is None else 1,
        seconds=seconds or 0.0,
    )
    if shadow is not None:
        told.shadow_propensity = shadow.score.propensity if shadow.score else None
        told.shadow_priority = shadow.priority
        told.shadow_band = shadow.band
    return told


def together(exposures: Iterable[Exposure]) -> list[Exposure]:
    """One for each lead and unit."""
    found: dict[Key, Exposure] = {}
    for one in exposures:
        before = found.setdefault(one.key, one)
        if before is not one:
            before.add(one)
    return list(found.values())


def save(connection: sa.Connection, exposures: Iterable[Exposure]) -> None:
    told = together(exposures)
    rows = [{name: getattr(one, name) for name in _COLUMNS} for one in told]
    upsert(EXPOSURE, connection, rows, added=_ADDED, latest=_LATEST, kept=_WRITTEN_ONCE)
    suppressions.save(connection, told)
