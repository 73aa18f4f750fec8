"""Which suppressions held for a lead in an experiment, each since when: harm is read from them.

One row for each lead, its unit and the rule. The first moment stands. Which rules tell of harm is
the experiment's matter: a suppression also holds for whoever was won, and that is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.database import metadata, upsert

if TYPE_CHECKING:
    from signals.exposure import Exposure

SUPPRESSION = sa.Table(
    "exposure_suppression",
    metadata,
    sa.Column("experiment", sa.String(16), primary_key=True),
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("unit", sa.String(32), primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def save(connection: sa.Connection, exposures: Iterable[Exposure]) -> None:
    """In the same transaction as the exposures: a harm without its lead would count for no arm."""
    rows = [
        {
            "experiment": one.experiment,
            "lead_id": one.lead_id,
            "unit": one.unit,
            "rule": rule,
            "at": at,
        }
        for one in exposures
        for rule, at in one.suppressed_by.items()
    ]
    upsert(SUPPRESSION, connection, rows, kept=("at",))


def harmed_first(
    connection: sa.Connection, experiment: str, harmful: Iterable[str]
) -> dict[tuple[str, str], int]:
    """Lead and unit → when one of the `harmful` rules first suppressed it (microseconds, UTC)."""
    asked = (
        sa.select(SUPPRESSION.c.lead_id, SUPPRESSION.c.unit, sa.func.min(SUPPRESSION.c.at))
        .where(SUPPRESSION.c.experiment == experiment, SUPPRESSION.c.rule.in_(tuple(harmful)))
        .group_by(SUPPRESSION.c.lead_id, SUPPRESSION.c.unit)
    )
    return {(lead_id, unit): at for lead_id, unit, at in connection.execute(asked)}
