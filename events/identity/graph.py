"""Who owns which identifier. Pure: works on the part of the graph that a batch touches."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.crypto import new_secret, pseudonym, short_id
from events.types import Event, Identifier, IdentifierKind, Merge

Key = bytes
"""HMAC of kind and value: the only form in which an identifier is stored."""


def key_of(secret: bytes, identifier: Identifier) -> Key:
    return pseudonym(secret, f"{identifier.kind}:{identifier.value}")


class Lead(msgspec.Struct):
    """A person as the graph holds them. `keys`: kind → the identifiers of that kind."""

    lead_id: str
    founded_offset: int
    created_at: int
    data_key: bytes
    account_id: str | None = None
    account_by: str | None = None
    merged_into: str | None = None
    keys: dict[str, set[Key]] = {}
    known_at: int = 0
    """Of the newest event: the history of a lead never runs backwards."""


class Owned(msgspec.Struct, frozen=True):
    """One step of an identifier's history: from `known_at` on it was this lead's."""

    key: Key
    kind: str
    lead_id: str
    known_at: int


class Graph:
    """Leads and identifiers of one batch, with what changed: `touched`, `steps`, `merges`."""

    def __init__(self, secret: bytes, per_lead: int) -> None:
        self._secret = secret
        self._per_lead = per_lead
        self.leads: dict[str, Lead] = {}
        self.owner: dict[Key, str] = {}
        self.touched: dict[str, Lead] = {}
        self.steps: list[Owned] = []
        self.merges: list[Merge] = []
        self.conflicts: set[tuple[Key, str]] = set()
        """Identifiers that an event named and its lead could not have: whose they are, and whose
        they would be, depends on who came first.
        """
        self.late: set[str] = set()
        """Leads in such a conflict of which the event was known before the owner's newest."""

    def resolve(
        self, event: Event, keyed: Sequence[tuple[Identifier, Key]]
    ) -> tuple[Lead, bool, tuple[Merge, ...]]:
        """The event's lead, whether it was founded now, and the merges it brought about.

        On a conflict (limits) the weakest identifier is left out and the rest tried again.
        """
        kept, dropped = list(keyed), []
        while True:
            leads = self._owners(kept)
            if self._fits(leads, kept):
                break
            dropped.append(kept.pop()[1])
        founded = not leads
        lead = leads[0] if leads else self._found(event)
        self._note_conflicts(lead, dropped, event)
        merges = tuple(self._merge(lead, other, kept, event) for other in leads[1:])
        lead.known_at = max(lead.known_at, event.known_at)
        self._attach(lead, kept)
        return lead, founded, merges

    def _note_conflicts(self, lead: Lead, dropped: Sequence[Key], event: Event) -> None:
        for key in dropped:
            self.conflicts.add((key, lead.lead_id))
            owner = self.owner.get(key)
            if owner is not None and event.known_at < self.leads[owner].known_at:
                self.late.add(lead.lead_id)

    def _owners(self, keyed: Sequence[tuple[Identifier, Key]]) -> list[Lead]:
        ids = dict.fromkeys(self.owner[key] for _, key in keyed if key in self.owner)
        return [self.leads[lead_id] for lead_id in ids]

    def _fits(self, leads: Sequence[Lead], keyed: Sequence[tuple[Identifier, Key]]) -> bool:
        """True when all of it can be one lead: one user id, `per_lead` of every other kind."""
        if len(keyed) == 1:
            return True
        kinds: dict[str, set[Key]] = {}
        for identifier, key in keyed:
            kinds.setdefault(identifier.kind, set()).add(key)
        for lead in leads:
            for kind, keys in lead.keys.items():
                kinds.setdefault(kind, set()).update(keys)
        return all(
            len(keys) <= (1 if kind == IdentifierKind.USER_ID else self._per_lead)
            for kind, keys in kinds.items()
        )

    def _found(self, event: Event) -> Lead:
        lead = Lead(
            short_id(self._secret, f"lead:{event.offset}"),
            founded_offset=event.offset,
            created_at=event.known_at,
            data_key=new_secret(),
        )
        self.leads[lead.lead_id] = self.touched[lead.lead_id] = lead
        return lead

    def _attach(self, lead: Lead, keyed: Sequence[tuple[Identifier, Key]]) -> None:
        for identifier, key in keyed:
            if key not in self.owner:
                self.owner[key] = lead.lead_id
                lead.keys.setdefault(identifier.kind, set()).add(key)
                self.steps.append(Owned(key, identifier.kind, lead.lead_id, lead.known_at))

    def _merge(
        self, survivor: Lead, absorbed: Lead, keyed: Sequence[tuple[Identifier, Key]], event: Event
    ) -> Merge:
        at = max(event.known_at, survivor.known_at, absorbed.known_at)
        survivor.known_at = absorbed.known_at = at
        because = next(one.kind for one, key in keyed if self.owner.get(key) == absorbed.lead_id)
        for kind, keys in absorbed.keys.items():
            survivor.keys.setdefault(kind, set()).update(keys)
            for key in sorted(keys):
                self.owner[key] = survivor.lead_id
                self.steps.append(Owned(key, kind, survivor.lead_id, at))
        absorbed.keys = {}
        absorbed.merged_into = survivor.lead_id
        self.touched[absorbed.lead_id] = absorbed
        self.touched[survivor.lead_id] = survivor
        merge = Merge(
            survivor=survivor.lead_id,
            absorbed=absorbed.lead_id,
            because=because,
            known_at=at,
            offset=event.offset,
            survivor_account=survivor.account_id,
            absorbed_account=absorbed.account_id,
        )
        self.merges.append(merge)
        return merge
