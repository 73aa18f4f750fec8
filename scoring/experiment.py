"""The experiments of an installation: what each compares, and when it ran.

The newest `release` row says which one runs, if any; this table says what it is.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec
import sqlalchemy as sa

from core import release
from core.database import metadata, upsert, writing
from core.errors import WorkError

EXPERIMENT = sa.Table(
    "experiment",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("promoted", sa.Boolean),
    sa.Column("spec", sa.JSON, nullable=False),
)

HARMFUL = ("unsubscribed",)
"""Of the shipped rules, the suppression that tells of somebody who had enough of us."""


class Metric(enum.StrEnum):
    """What an arm is judged by; more is better. A unit counts when its window has run."""

    WIN_RATE = "win_rate"
    """1 for a unit with a deal won in its window."""
    REVENUE = "revenue"
    """The sum of its deals won, each unit's capped."""
    SPEED = "speed"
    """The share of the window that was left at the first deal won: later is less, never is 0."""


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared, as written down before the first unit. Shares and lifts: 0–1."""

    name: str
    model_name: str | None = None
    """The champion when it began; with `challenger` None both arms have it."""
    model_version: str | None = None
    rules_version: int = 0
    challenger: str | None = None
    """A version of the model."""
    challenger_rules: int | None = None
    share: float = 0.2
    shadow: bool = False
    """Both arms score, the champion's answer stands for everybody."""
    metric: Metric = Metric.WIN_RATE
    lift: float = 0.2
    window_days: int = 30
    max_days: int = 60
    base: float
    """The champion's mean as expected before, and its standard deviation; the plan rests on it."""
    deviation: float
    planned: int
    """Units of both arms."""
    cap: float | None = None
    """Revenue of a unit above this counts as this."""
    harmful: tuple[str, ...] = HARMFUL
    """Ids of the suppressions that tell of harm. Not all do: a lead that was won is suppressed
    too."""


class Experiment(msgspec.Struct, frozen=True):
    """Times in microseconds, UTC; `ended_at` None while it runs."""

    id: str
    started_at: int
    ended_at: int | None
    promoted: bool | None
    spec: Spec


def find(connection: sa.Connection, experiment: str) -> Experiment | None:
    """By its id; None if there is no such experiment."""
    row = connection.execute(sa.select(EXPERIMENT).where(EXPERIMENT.c.id == experiment)).first()
    return None if row is None else _read(row)


def everyone(connection: sa.Connection) -> list[Experiment]:
    """All there ever were, newest first."""
    rows = connection.execute(sa.select(EXPERIMENT))
    return sorted((_read(row) for row in rows), key=lambda one: -int(one.id))


def running(connection: sa.Connection) -> Experiment | None:
    """The one that is in force."""
    named = release.read_current(connection).experiment
    return find(connection, named) if named else None


def begin(engine: sa.Engine, spec: Spec, at: int) -> Experiment:
    """Writes it down and puts it in force, at once or not at all. WorkError while one runs."""
    with writing(engine) as connection:
        release.lock(connection)
        other = running(connection)
        if other is not None:
            raise WorkError(
                f"experiment {other.id} ({other.spec.name}) runs already; one runs at a time",
                do="see `leadline experiment report`, and end it with `leadline experiment stop`",
            )
        newest = max((int(one.id) for one in everyone(connection)), default=0)
        begun = Experiment(str(newest + 1), at, None, None, spec)
        upsert(EXPERIMENT, connection, [_row(begun)])
        told = f"experiment {begun.id} begins"
        release.make_next(connection, at, told, None, experiment=begun.id)
    return begun


def end(engine: sa.Engine, at: int, *, promote: bool) -> Experiment:
    """Ends the one that runs; with `promote` the challenger serves everybody from the same moment.

    WorkError when none runs.
    """
    with writing(engine) as connection:
        release.lock(connection)
        found = running(connection)
        if found is None:
            raise WorkError("no experiment runs", do="see `leadline experiment list`")
        told = "its challenger is promoted" if promote else "the champion stays"
        reason = f"experiment {found.id} ends: {told}"
        changes = _promoted(found.spec) if promote else {}
        release.make_next(connection, at, reason, None, experiment=None, **changes)
        ended = msgspec.structs.replace(found, ended_at=at, promoted=promote)
        upsert(EXPERIMENT, connection, [_row(ended)])
    return ended


def _promoted(spec: Spec) -> dict[str, str | int | None]:
    changes: dict[str, str | int | None] = {}
    if spec.challenger is not None:
        changes |= {"model_name": spec.model_name, "model_version": spec.challenger}
    if spec.challenger_rules is not None:
        changes["rules_version"] = spec.challenger_rules
    return changes


def _row(told: Experiment) -> dict[str, Any]:
    return {**msgspec.structs.asdict(told), "spec": msgspec.to_builtins(told.spec)}


def _read(row: sa.Row[Any]) -> Experiment:
    spec = msgspec.convert(row.spec, Spec)
    return Experiment(row.id, row.started_at, row.ended_at, row.promoted, spec)
