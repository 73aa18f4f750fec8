"""Who belongs to an account today."""

from __future__ import annotations

import sqlalchemy as sa

from events.identity.tables import LEAD


def leads_of(connection: sa.Connection, account_id: str) -> set[str]:
    return set(
        connection.execute(
            sa.select(LEAD.c.lead_id).where(LEAD.c.account_id == account_id)
        ).scalars()
    )
