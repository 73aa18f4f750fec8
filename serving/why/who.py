"""An id or an email, as people type it → the lead that it meant at a moment."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from core.clock import to_iso
from core.errors import NotFound
from events.identity.history import Owner, accounts_at, leads_at, owners_at
from events.identity.profile import canonical
from events.identity.tables import LEAD
from events.intake.identifiers import email_identifier, normal_email
from events.types import Identifier, IdentifierKind

_KINDS = (IdentifierKind.CRM_ID, IdentifierKind.USER_ID, IdentifierKind.ANONYMOUS_ID)
"""What a word may be that is no lead id and no email of anybody's, in this order."""


class Whom(NamedTuple):
    """A lead as it was known at the moment it was asked for."""

    lead_id: str
    account_id: str | None


def find(connection: sa.Connection, secret: bytes, told: str, at: int, *, now: bool) -> Whom:
    """`told` is a lead id, an email (or its SHA-256), a CRM id, a user id or an anonymous id.

    `now` follows merges to the lead of today; otherwise ids are as they were at `at`. NotFound when
    nobody was known by it.
    """
    word = told.strip()
    owner = _by_lead_id(connection, word, at, now=now)
    for identifier in _identifiers(word) if owner is None else ():
        [owner] = owners_at(connection, secret, [(identifier, at)])
        if owner is not None:
            break
    if owner is None:
        when = "" if now else f" at {to_iso(at)}"
        raise NotFound(
            f"nobody was known by {word[:80]!r}{when}",
            do="name a lead id, an email, a CRM id or a user id, and a moment after its first "
            "event",
        )
    return Whom(*owner)


def _by_lead_id(connection: sa.Connection, word: str, at: int, *, now: bool) -> Owner | None:
    known = sa.select(LEAD.c.lead_id).where(LEAD.c.lead_id == word)
    if connection.execute(known).first() is None:
        return None
    stood = canonical(connection, word) if now else leads_at(connection, [(word, at)])[0]
    return accounts_at(connection, [(stood or word, at)])[0]


def _identifiers(word: str) -> list[Identifier]:
    email = normal_email(word)
    ids = [Identifier(kind, word) for kind in _KINDS]
    return ids if email is None else [email_identifier(email), *ids]
