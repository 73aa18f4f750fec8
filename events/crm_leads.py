"""The CRM's leads, and whose its words are: of the lead they name, else of the one they matched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from events.identity.tables import LEAD_MERGE
from events.outcomes import CRM_LEAD


class Opened(NamedTuple):
    """Every lead that the CRM had opened, and which lead absorbed which."""

    leads: Sequence[Any]
    """Rows of crm_id, lead_id and created_at (microseconds, UTC), in order of creation."""
    heirs: Mapping[str, str]

    def sort(self, told: Iterable[Any]) -> dict[str, list[Any]]:
        """CRM id → what was told of it, in the order given: rows of crm_id and lead_id. One that
        names none of the CRM's leads goes by the lead it was matched to, through all merges since.
        """
        named = {lead.crm_id for lead in self.leads}
        crm_ids = {self._heir(lead.lead_id): lead.crm_id for lead in self.leads}
        found: dict[str, list[Any]] = {}
        for row in told:
            own = row.crm_id if row.crm_id in named else None
            crm_id = own or crm_ids.get(self._heir(row.lead_id))
            if crm_id is not None:
                found.setdefault(crm_id, []).append(row)
        return found

    def _heir(self, lead_id: str) -> str:
        seen = {lead_id}
        while (after := self.heirs.get(lead_id)) is not None and after not in seen:
            seen.add(after)
            lead_id = after
        return lead_id


def opened(connection: sa.Connection, now: int) -> Opened:
    """Those known at `now`, in microseconds, UTC."""
    leads = connection.execute(
        sa.select(CRM_LEAD.c.crm_id, CRM_LEAD.c.lead_id, CRM_LEAD.c.created_at)
        .where(CRM_LEAD.c.known_at <= now)
        .order_by(CRM_LEAD.c.created_at, CRM_LEAD.c.crm_id)
    ).all()
    merges = connection.execute(sa.select(LEAD_MERGE.c.absorbed, LEAD_MERGE.c.survivor))
    return Opened(leads, {row.absorbed: row.survivor for row in merges})
