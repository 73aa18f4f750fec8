"""When the CRM moved a lead or its deal on: training may look at leads at just these moments.

Closings are no stages but ends, and stand in `events.outcomes`.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.database import metadata, upsert
from events.outcomes import crm_id_of
from events.types import EnrichedEvent

STAGES = frozenset(
    {"lead_status_changed", "opportunity_created", "opportunity_reopened",
     "opportunity_stage_changed"}
)  # fmt: skip
"""Names of the events that tell of one."""

CRM_STAGE = sa.Table(
    "crm_stage",
    metadata,
    # As matched then. What is known of one lead in the same microsecond is one moment.
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("known_at", sa.BigInteger, primary_key=True),
    sa.Column("crm_id", sa.String),
    sqlite_with_rowid=False,
)


def save_stages(connection: sa.Connection, enriched: Sequence[EnrichedEvent]) -> None:
    """Keeps the moments at which a batch tells of a stage; told again they change nothing."""
    moments = {
        (one.matched.lead_id, one.matched.event.known_at): crm_id_of(one.matched.event)
        for one in enriched
        if one.matched.event.name in STAGES
    }
    upsert(
        CRM_STAGE,
        connection,
        [
            {"lead_id": lead_id, "known_at": known_at, "crm_id": crm_id}
            for (lead_id, known_at), crm_id in moments.items()
        ],
    )
