"""match: events → matched events. Loads what a batch touches in a few queries, saves it at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks, upsert
from events.identity.accounts import Accounts
from events.identity.graph import Graph, Key, Lead, key_of
from events.identity.intervals import save_identifiers, save_memberships
from events.identity.profile import Profiles
from events.identity.tables import (
    ACCOUNT,
    ACCOUNT_IDENTIFIER,
    IDENTIFIER,
    IDENTIFIER_CONFLICT,
    LEAD,
    LEAD_MERGE,
)
from events.types import Event, Identifier, MatchedEvent, Merge

Keyed = list[tuple[Identifier, Key]]


class Matches:
    """A batch matched: the events, and all that `save` has to write of leads and accounts."""

    def __init__(self, graph: Graph, accounts: Accounts) -> None:
        self.graph = graph
        self.accounts = accounts
        self.profiles = Profiles()
        self.events: list[MatchedEvent] = []

    def save(self, connection: sa.Connection) -> None:
        """Inside the worker's transaction."""
        graph, accounts = self.graph, self.accounts
        moved = {move.lead_id for move in accounts.moves}
        changed = graph.touched | {lead_id: graph.leads[lead_id] for lead_id in moved}
        upsert(LEAD, connection, [_row(lead) for lead in changed.values()])
        save_identifiers(connection, graph.steps)
        conflicts = [{"key": key, "lead_id": one} for key, one in sorted(graph.conflicts)]
        upsert(IDENTIFIER_CONFLICT, connection, conflicts)
        merges = [
            {name: getattr(merge, name) for name in LEAD_MERGE.c.keys()}  # noqa: SIM118
            for merge in graph.merges
        ]
        upsert(LEAD_MERGE, connection, merges)
        founded = [{"account_id": one, "created_at": at} for one, at in accounts.founded.items()]
        upsert(ACCOUNT, connection, founded)
        names = [{"name": name, "account_id": one} for name, one in accounts.new_names.items()]
        upsert(ACCOUNT_IDENTIFIER, connection, names)
        save_memberships(connection, accounts.moves)
        self.profiles.save(connection)

    def reindexed(self) -> set[str]:
        """Leads whose identifiers point elsewhere than before, or whose account changed."""
        owners = {step.lead_id for step in self.graph.steps}
        return owners | {move.lead_id for move in self.accounts.moves}


class Matcher:
    """`secret` keys identifiers and founds ids; `per_lead` is the limit of ids of one kind."""

    def __init__(self, secret: bytes, per_lead: int) -> None:
        self._secret = secret
        self._per_lead = per_lead

    def match(self, connection: sa.Connection, events: Sequence[Event]) -> Matches:
        """Reads only; nothing is written before `Matches.save`."""
        keyed = [
            [(one, key_of(self._secret, one)) for one in event.identifiers] for event in events
        ]
        graph = Graph(self._secret, self._per_lead)
        accounts = Accounts(self._secret)
        self._load_leads(connection, graph, keyed)
        _load_accounts(connection, accounts, events)
        matches = Matches(graph, accounts)
        for event, keys in zip(events, keyed, strict=True):
            matches.events.append(match_one(event, keys, graph, accounts))
        matches.profiles.load(connection, matches.events)
        for matched in matches.events:
            matches.profiles.note(matched)
        return matches

    def _load_leads(self, connection: sa.Connection, graph: Graph, keyed: Sequence[Keyed]) -> None:
        keys = sorted({key for pairs in keyed for _, key in pairs})
        for some in chunks(keys):
            owned = sa.select(IDENTIFIER.c.key, IDENTIFIER.c.lead_id)
            for row in connection.execute(owned.where(IDENTIFIER.c.key.in_(some))):
                graph.owner[row.key] = row.lead_id
        for ids in chunks(sorted(set(graph.owner.values()))):
            for row in connection.execute(sa.select(LEAD).where(LEAD.c.lead_id.in_(ids))):
                graph.leads[row.lead_id] = Lead(
                    row.lead_id,
                    row.founded_offset,
                    row.created_at,
                    row.data_key,
                    row.account_id,
                    row.account_by,
                    known_at=row.known_at,
                )
            held = sa.select(IDENTIFIER).where(IDENTIFIER.c.lead_id.in_(ids))
            for row in connection.execute(held):
                graph.leads[row.lead_id].keys.setdefault(row.kind, set()).add(row.key)


def match_one(event: Event, keys: Keyed, graph: Graph, accounts: Accounts) -> MatchedEvent:
    """One event, against a graph that holds all whom it may concern."""
    lead, founded, merges = graph.resolve(event, keys)
    merges = tuple(_settle_merge(merge, lead, graph, accounts) for merge in merges)
    moves = accounts.settle(event, lead)
    graph.touched[lead.lead_id] = lead
    return MatchedEvent(
        event=event,
        lead_id=lead.lead_id,
        account_id=lead.account_id,
        founded=founded,
        merges=merges,
        moves=moves,
    )


def _settle_merge(merge: Merge, survivor: Lead, graph: Graph, accounts: Accounts) -> Merge:
    before = survivor.account_id
    after = accounts.inherit(survivor, graph.leads[merge.absorbed])
    return msgspec.structs.replace(merge, survivor_account=before, account=after)


def _load_accounts(connection: sa.Connection, accounts: Accounts, events: Sequence[Event]) -> None:
    names = sorted({name for event in events for name in accounts.names_of(event)})
    for some in chunks(names):
        known = sa.select(ACCOUNT_IDENTIFIER).where(ACCOUNT_IDENTIFIER.c.name.in_(some))
        accounts.names.update((row.name, row.account_id) for row in connection.execute(known))


def _row(lead: Lead) -> dict[str, object]:
    return {
        "lead_id": lead.lead_id,
        "account_id": lead.account_id,
        "account_by": lead.account_by,
        "merged_into": lead.merged_into,
        "founded_offset": lead.founded_offset,
        "created_at": lead.created_at,
        "known_at": lead.known_at,
        "data_key": lead.data_key,
    }
