"""The leads of the past: those that training kept, and those whose end became known since then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from core.clock import DAY, to_iso
from core.errors import WorkError
from core.installation import Installation
from core.release import Release
from core.settings import Models
from events.labels import Label, label
from scoring.cases import Case, Cases, Origin, files, read_cases, table_of
from signals.backtest.since import read_cases_since

if TYPE_CHECKING:
    import pyarrow as pa


class Past(NamedTuple):
    """`table` as in `scoring.cases`, only leads whose end became known in the window."""

    origin: Origin
    table: pa.Table
    notes: tuple[str, ...]
    """What a reader of the figures should know of these leads."""


def past(
    installation: Installation,
    engine: sa.Engine,
    models: Models,
    release: Release,
    now: int,
    days: int,
) -> Past:
    """The leads whose end became known in the last `days` days.

    WorkError when there are none. Without a model's file they are read point in time, and have no
    propensity.
    """
    labels = label(engine, models.label_days, now, models.undecided)
    kept = _kept(installation, release)
    origin = kept.origin if kept else _no_model(models, now)
    if kept:
        kept = kept._replace(table=_as_ended(kept.table, labels.known, models.label_days))
    known = set(kept.table["crm_id"].to_pylist()) if kept else set()
    missing = [one for one in labels.known if one.crm_id not in known]
    found = read_cases_since(installation, engine, missing, origin, models.label_days, now)
    table = _join(kept, found)
    if not table.num_rows:
        raise WorkError(
            f"no lead has an end that is known: {labels.censored} leads are younger than their "
            f"label window of {models.label_days} days",
            do="import leads and their outcomes, or wait until label windows are over",
        )
    window = _within(table, now - days * DAY, now)
    if not window.num_rows:
        newest = to_iso(max(table["settled_at"].to_pylist()))
        raise WorkError(
            f"the end of no lead became known in the last {days} days",
            do=f"the newest one became known at {newest}: ask for more days with --days",
        )
    return Past(origin, window, tuple(_notes(origin, release, found)))


def _kept(installation: Installation, release: Release) -> Cases | None:
    """Of the model in force; else of the newest whose features are defined as today."""
    own = f"{release.model_name}-{release.model_version}"
    for file in sorted(files(installation), key=lambda file: file.stem != own):
        if cases := read_cases(file):
            return cases
    return None


def _as_ended(table: pa.Table, labels: Sequence[Label], label_days: int) -> pa.Table:
    """How each lead ended by what is known today: since training a deal may have been opened again,
    a lead erased. Leads without a known end are left out.
    """
    import pyarrow as pa

    ended = {one.crm_id: one for one in labels}
    known = [name in ended for name in table["crm_id"].to_pylist()]
    found = table.filter(pa.array(known, pa.bool_()))
    told = [ended[name] for name in found["crm_id"].to_pylist()]
    columns = {
        "won": [one.won for one in told],
        "value": [one.value for one in told],
        "settled_at": [one.settled_at(label_days) for one in told],
    }
    for name, values in columns.items():
        at = found.schema.get_field_index(name)
        field = found.schema.field(name)
        found = found.set_column(at, field, pa.array(values, field.type))
    return found


def _no_model(models: Models, now: int) -> Origin:
    return Origin(
        model=None,
        version=None,
        made_at=now,
        moment_days=models.moment_days,
        label_days=models.label_days,
    )


def _join(kept: Cases | None, found: Sequence[Case]) -> pa.Table:
    import pyarrow as pa

    fresh = table_of(found)
    if kept is None:
        return fresh
    return pa.concat_tables([kept.table.replace_schema_metadata(None), fresh])


def _within(table: pa.Table, start: int, end: int) -> pa.Table:
    import pyarrow.compute as pc

    settled = table["settled_at"]
    return table.filter(pc.and_(pc.greater(settled, start), pc.less_equal(settled, end)))


def _notes(origin: Origin, release: Release, found: Sequence[Case]) -> list[str]:
    notes = []
    if origin.model is None:
        notes.append("there is no model's file of past leads: priorities are those of rules alone")
    elif (origin.model, origin.version) != (release.model_name, release.model_version):
        notes.append(
            f"propensities are of {origin.model} version {origin.version}, which is not in force"
        )
    if origin.model is not None and any(one.propensity is None for one in found):
        notes.append("the leads since training have no propensity: the model's files are gone")
    return notes
