"""Match anew, in the order in which events were known: what an import out of order calls for.

Pure but for loading: `Rematch` takes events by (known_at, offset) and finds out who is who; then
`names` gives each lead its id. Whoever stands today keeps the id that others know them by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import sqlalchemy as sa

from core.crypto import short_id
from core.database import chunks
from events.identity.accounts import Accounts
from events.identity.graph import Graph, Key, Lead, key_of
from events.identity.matcher import match_one
from events.identity.tables import (
    ACCOUNT_IDENTIFIER,
    IDENTIFIER,
    IDENTIFIER_CONFLICT,
    LEAD,
    LEAD_MERGE,
    MEMBERSHIP_HISTORY,
)
from events.types import Event, IdentifierKind, MatchedEvent, Merge, Move


def everybody(connection: sa.Connection) -> set[str]:
    """All lead ids there ever were."""
    return set(connection.execute(sa.select(LEAD.c.lead_id)).scalars())


def circle_of(connection: sa.Connection, leads: Iterable[str]) -> set[str]:
    """These leads, those merged with them, all who ever shared an account with one of them, and all
    with whom one of them was in conflict over an identifier: nobody outside can be touched by
    telling their history anew.
    """
    circle: set[str] = set()
    edge = set(leads)
    while edge:
        circle |= edge
        found: set[str] = set()
        for some in chunks(sorted(edge)):
            found |= _merged(connection, some) | _colleagues(connection, some)
            found |= _rivals(connection, some)
        edge = found - circle
    return circle


def _merged(connection: sa.Connection, leads: list[str]) -> set[str]:
    either = LEAD_MERGE.c.absorbed.in_(leads) | LEAD_MERGE.c.survivor.in_(leads)
    rows = connection.execute(sa.select(LEAD_MERGE.c.absorbed, LEAD_MERGE.c.survivor).where(either))
    return {lead_id for row in rows for lead_id in row}


def _colleagues(connection: sa.Connection, leads: list[str]) -> set[str]:
    mine = sa.select(MEMBERSHIP_HISTORY.c.account_id).where(MEMBERSHIP_HISTORY.c.lead_id.in_(leads))
    theirs = sa.select(MEMBERSHIP_HISTORY.c.lead_id).where(
        MEMBERSHIP_HISTORY.c.account_id.in_(mine)
    )
    return set(connection.execute(theirs).scalars())


def _rivals(connection: sa.Connection, leads: list[str]) -> set[str]:
    """Owners of identifiers that these leads could not have, and those who lost to these."""
    wanted, owned = IDENTIFIER_CONFLICT.c, IDENTIFIER.c
    theirs = sa.select(wanted.key).where(wanted.lead_id.in_(leads))
    owners = sa.select(owned.lead_id).where(owned.key.in_(theirs))
    also = sa.select(wanted.lead_id).where(wanted.key.in_(theirs))
    mine = sa.select(owned.key).where(owned.lead_id.in_(leads))
    claimants = sa.select(wanted.lead_id).where(wanted.key.in_(mine))
    return {
        lead_id
        for query in (owners, also, claimants)
        for lead_id in connection.execute(query).scalars()
    }


class Rematch:
    """A graph built from nothing. Accounts keep their ids: their names are loaded beforehand."""

    def __init__(self, connection: sa.Connection, secret: bytes, per_lead: int) -> None:
        self._secret = secret
        self.graph = Graph(secret, per_lead)
        self.accounts = Accounts(secret)
        named = connection.execute(sa.select(ACCOUNT_IDENTIFIER))
        self.accounts.names.update((row.name, row.account_id) for row in named)

    def match(self, event: Event) -> MatchedEvent:
        """Events come by (known_at, offset)."""
        keyed = [(one, key_of(self._secret, one)) for one in event.identifiers]
        return match_one(event, keyed, self.graph, self.accounts)

    def names(self, owners: Mapping[Key, str]) -> dict[str, str]:
        """Each lead's id here → the id it is to have. `owners` says who owns what today.

        A lead that stands keeps today's id of its strongest identifier. Others keep the id that
        their founding gives them, or a fresh one where that is taken.
        """
        names: dict[str, str] = {}
        taken: set[str] = set()
        for lead in self.graph.leads.values():
            today = _today(lead, owners) if lead.merged_into is None else None
            if today is not None and today not in taken:
                names[lead.lead_id] = today
                taken.add(today)
        for lead in self.graph.leads.values():
            if lead.lead_id not in names:
                again = short_id(self._secret, f"lead:{lead.founded_offset}:again")
                names[lead.lead_id] = again if lead.lead_id in taken else lead.lead_id
        return names


def _today(lead: Lead, owners: Mapping[Key, str]) -> str | None:
    for kind in IdentifierKind:
        for key in sorted(lead.keys.get(kind, ())):
            if key in owners:
                return owners[key]
    return None


def owners_today(connection: sa.Connection, keys: Iterable[Key]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for some in chunks(sorted(keys)):
        owned = sa.select(IDENTIFIER.c.key, IDENTIFIER.c.lead_id).where(IDENTIFIER.c.key.in_(some))
        found.update((row.key, row.lead_id) for row in connection.execute(owned))
    return found


def renamed(matched: MatchedEvent, names: Mapping[str, str]) -> MatchedEvent:
    """The same with the ids that the leads are to have."""
    return msgspec.structs.replace(
        matched,
        lead_id=names[matched.lead_id],
        merges=tuple(_renamed_merge(merge, names) for merge in matched.merges),
        moves=tuple(
            Move(lead_id=names[move.lead_id], before=move.before, after=move.after)
            for move in matched.moves
        ),
    )


def _renamed_merge(merge: Merge, names: Mapping[str, str]) -> Merge:
    return msgspec.structs.replace(
        merge, survivor=names[merge.survivor], absorbed=names[merge.absorbed]
    )
