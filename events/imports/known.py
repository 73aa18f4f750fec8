"""What the record holds already of the leads and deals that rows speak of: read piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.database import chunks
from events.attributes import Value, attributes_at, key_of
from events.identity.graph import Key
from events.identity.graph import key_of as identifier_key
from events.identity.tables import IDENTIFIER
from events.imports.told import Told
from events.intake.identifiers import email_identifier
from events.outcomes import CRM_LEAD, OUTCOME
from events.types import Identifier, IdentifierKind

NOW = 2**62


class Known(NamedTuple):
    """Times in microseconds, UTC."""

    created: dict[str, tuple[int, str | None]]
    """CRM id → creation, owner."""
    values: dict[str, dict[str, Value]]
    opened: dict[Key, int]
    """Identifier → when the CRM opened the lead that owns it."""
    deals: dict[str, Any]
    """Deal → its row in the record."""

    def created_of(self, told: Told, secret: bytes) -> int | None:
        """When the lead of a row was created; None when the CRM has told of no such lead."""
        if told.crm_id in self.created:
            return self.created[told.crm_id][0]
        keys = (identifier_key(secret, one) for one in _identifiers(told))
        return next((self.opened[key] for key in keys if key in self.opened), None)


def read_known(connection: sa.Connection, secret: bytes, piece: Sequence[Told]) -> Known:
    ids = sorted({told.crm_id for told in piece})
    created: dict[str, tuple[int, str | None]] = {}
    for some in chunks(ids):
        for row in connection.execute(sa.select(CRM_LEAD).where(CRM_LEAD.c.crm_id.in_(some))):
            created[row.crm_id] = (row.created_at, row.owner)
    values = attributes_at(connection, [(key_of(secret, one), NOW) for one in ids])
    deals: dict[str, Any] = {}
    for some in chunks(sorted({told.deal.deal_id for told in piece if told.deal})):
        for row in connection.execute(sa.select(OUTCOME).where(OUTCOME.c.deal_id.in_(some))):
            deals[row.deal_id] = row
    opened = _opened(connection, secret, piece)
    return Known(created, dict(zip(ids, values, strict=True)), opened, deals)


def _opened(connection: sa.Connection, secret: bytes, piece: Sequence[Told]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    keys = {identifier_key(secret, one) for told in piece for one in _identifiers(told)}
    owned = sa.select(IDENTIFIER.c.key, CRM_LEAD.c.created_at).join(
        CRM_LEAD, CRM_LEAD.c.lead_id == IDENTIFIER.c.lead_id
    )
    for some in chunks(sorted(keys)):
        for row in connection.execute(owned.where(IDENTIFIER.c.key.in_(some))):
            found[row.key] = row.created_at
    return found


def _identifiers(told: Told) -> list[Identifier]:
    """Those besides the CRM's id."""
    found = [Identifier(IdentifierKind.USER_ID, told.user_id)] if told.user_id else []
    return [*found, *([email_identifier(told.email)] if told.email else [])]
