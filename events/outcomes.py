"""What the CRM said of leads and deals: when a lead was opened, how a deal ended.

Training reads labels from here. Both are events like any other; nothing else writes these tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core.database import chunks, metadata, upsert
from events.identity.tables import LEAD, LEAD_MERGE
from events.types import EnrichedEvent, Event, IdentifierKind

CRM_LEAD = sa.Table(
    "crm_lead",
    metadata,
    sa.Column("crm_id", sa.String, primary_key=True),
    # as matched then; ask by crm_id and moment
    sa.Column("lead_id", sa.String, nullable=False, index=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.String),
)

OUTCOME = sa.Table(
    "outcome",
    metadata,
    sa.Column("deal_id", sa.String, primary_key=True),
    sa.Column("crm_id", sa.String),
    sa.Column("lead_id", sa.String, nullable=False),
    sa.Column("account_id", sa.String),
    sa.Column("won", sa.Boolean, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("closed_at", sa.BigInteger, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
)


def save_outcomes(connection: sa.Connection, enriched: Sequence[EnrichedEvent]) -> None:
    """Keeps the leads opened and the deals closed in a batch; a later word on one replaces it.

    A deal that is open again has no outcome until it is closed once more.
    """
    leads: dict[str, dict[str, Any]] = {}
    deals: dict[str, dict[str, Any] | None] = {}
    for one in enriched:
        event = one.matched.event
        if event.name == "lead_created" and (crm_id := crm_id_of(event)):
            leads[crm_id] = _lead_row(crm_id, one)
        elif event.name == "opportunity_closed" and (deal := _deal_row(one)):
            deals[deal["deal_id"]] = deal
        elif event.name == "opportunity_reopened":
            deals[str(event.properties.get("opportunity_id"))] = None
    upsert(CRM_LEAD, connection, list(leads.values()))
    upsert(OUTCOME, connection, [deal for deal in deals.values() if deal])
    for some in chunks([deal_id for deal_id, deal in deals.items() if deal is None]):
        connection.execute(sa.delete(OUTCOME).where(OUTCOME.c.deal_id.in_(some)))


def crm_id_of(event: Event) -> str | None:
    """The CRM's own id of the lead, if the event carries one."""
    ids = (one.value for one in event.identifiers if one.kind is IdentifierKind.CRM_ID)
    return next(ids, None)


def owners(connection: sa.Connection, lead_ids: list[str]) -> dict[str, str]:
    """For each lead id the representative whom the CRM names as its owner.

    The CRM may have named them of a lead that was absorbed since: the newest word on any of them
    stands.
    """
    heirs = _heirs(lead_ids)
    rows = connection.execute(
        sa.select(heirs.c.heir, CRM_LEAD.c.owner)
        .join(CRM_LEAD, CRM_LEAD.c.lead_id == heirs.c.lead_id)
        .where(CRM_LEAD.c.owner.is_not(None))
        .order_by(CRM_LEAD.c.created_at)
    )
    return {row.heir: row.owner for row in rows}


def _heirs(lead_ids: list[str]) -> sa.CTE:
    """(heir, lead id): each of these leads, with itself and all that it ever absorbed."""
    own = sa.select(LEAD.c.lead_id.label("heir"), LEAD.c.lead_id).where(
        LEAD.c.lead_id.in_(lead_ids)
    )
    heirs = own.cte("heirs", recursive=True)
    absorbed = sa.select(heirs.c.heir, LEAD_MERGE.c.absorbed).join(
        LEAD_MERGE, LEAD_MERGE.c.survivor == heirs.c.lead_id
    )
    return heirs.union(absorbed)


def owners_then(connection: sa.Connection, asks: Sequence[tuple[str, int]]) -> list[str | None]:
    """For each (lead id, moment) the owner that the CRM had named by then, in order.

    A later word of the CRM on the same lead replaces an earlier one, so before it nobody is known.
    """
    told: dict[str, list[tuple[int, str]]] = {}
    for some in chunks(sorted({lead_id for lead_id, _ in asks})):
        columns = (CRM_LEAD.c.lead_id, CRM_LEAD.c.known_at, CRM_LEAD.c.owner)
        for row in connection.execute(
            sa.select(*columns)
            .where(CRM_LEAD.c.lead_id.in_(some), CRM_LEAD.c.owner.is_not(None))
            .order_by(CRM_LEAD.c.created_at.desc())
        ):
            told.setdefault(row.lead_id, []).append((row.known_at, row.owner))
    return [
        next((owner for known_at, owner in told.get(lead_id, ()) if known_at <= moment), None)
        for lead_id, moment in asks
    ]


def _lead_row(crm_id: str, one: EnrichedEvent) -> dict[str, Any]:
    event = one.matched.event
    owner = event.properties.get("owner")
    return {
        "crm_id": crm_id,
        "lead_id": one.matched.lead_id,
        "created_at": event.occurred_at,
        "known_at": event.known_at,
        "owner": str(owner) if owner else None,
    }


def _deal_row(one: EnrichedEvent) -> dict[str, Any] | None:
    event = one.matched.event
    deal_id = event.properties.get("opportunity_id")
    outcome = event.properties.get("outcome")
    if not deal_id or outcome not in {"won", "lost"}:
        return None
    value = event.properties.get("value")
    return {
        "deal_id": str(deal_id),
        "crm_id": crm_id_of(event),
        "lead_id": one.matched.lead_id,
        "account_id": one.matched.account_id,
        "won": outcome == "won",
        "value": float(value) if isinstance(value, int | float) else None,
        "closed_at": event.occurred_at,
        "known_at": event.known_at,
    }
