"""Staged rows, and what the record knows already → messages for the door of history.

The same file again brings nothing: what stands in the record as the row tells it is passed over,
and a message that was sent but not yet met by the worker has the same id as its copy.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY, to_iso
from core.database import chunks
from events.attributes import Value, attributes_at, key_of
from events.identity.graph import key_of as identifier_key
from events.identity.tables import IDENTIFIER
from events.imports.rows import Deal, Told
from events.intake.duplicates import seen_messages
from events.intake.identifiers import CRM_LEAD as CRM_LEAD_TYPE
from events.intake.identifiers import email_identifier, is_hashed
from events.outcomes import CRM_LEAD, OUTCOME
from events.types import Identifier, IdentifierKind

NOW = 2**62
Message = dict[str, Any]
_encode = msgspec.json.Encoder(order="sorted").encode


class Terms(NamedTuple):
    """What is the same for all rows. Times in microseconds, UTC."""

    secret: bytes
    now: int
    label_days: int
    """A deal without a date of closing is taken to have closed at the end of its label window."""
    replace: bool = False
    """Changed values count from the lead's creation on, not from this import on."""
    new_leads: bool = True


class Known(NamedTuple):
    """What the record holds of the rows of one piece."""

    created: dict[str, tuple[int, str | None]]
    """CRM id → creation, owner."""
    values: dict[str, dict[str, Value]]
    owned: dict[bytes, str]
    """Identifier → lead."""
    opened: dict[str, int]
    """Lead → when the CRM opened it."""
    deals: dict[str, Any]


class Draft(NamedTuple):
    """A message to be. `row` is what the file told, `state` what the record held against it."""

    because: str
    message: Message
    row: str
    state: str = ""


class Composer:
    """Counts what became of the rows; `unknown` and `early` name the first lines of such deals."""

    MOST_NAMED = 20

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.counts: Counter[str] = Counter()
        self.unknown: list[int] = []
        """Lines of deals whose lead the CRM has not told of."""
        self.early: list[int] = []
        """Lines of deals that closed before their lead was created."""

    def compose(self, connection: sa.Connection, piece: Sequence[Told]) -> list[bytes]:
        """The bodies of the messages that bring the record to what the rows tell, in order."""
        known = _known(connection, self._terms.secret, piece)
        drafts = [
            draft
            for told in piece
            for draft in (self._deal(told, told.deal, known) if told.deal else
                          self._lead(told, known))
        ]  # fmt: skip
        seen = seen_messages(connection, [_id(draft.row) for draft in drafts])
        bodies = []
        for draft in drafts:
            name = _id(draft.row)
            if name in seen:
                if draft.because in SAME:
                    self.counts[SAME[draft.because]] += 1
                    continue
                # Told before, told otherwise since, and told again: no copy of the first time.
                name = _id(draft.row, draft.state)
            if draft.because != MORE:
                self.counts[CHANGED.get(draft.because, draft.because)] += 1
            bodies.append(_encode({**draft.message, "messageId": name}))
        return bodies

    def _lead(self, told: Told, known: Known) -> list[Draft]:
        row, before = _row(told), known.created.get(told.crm_id)
        if before is None:
            if not self._terms.new_leads:
                self.counts["passed_over"] += 1
                return []
            created = _cut(self._terms.now if told.created_at is None else told.created_at)
            values = _filled(_values(told, created))
            return [Draft("new", _created(told, created, values), row)]
        created = _cut(told.created_at) if told.dated and told.created_at else before[0]
        values, held = _values(told, created), known.values.get(told.crm_id, {})
        added = _filled({name: one for name, one in values.items() if name not in held})
        other = {name: one for name, one in values.items() if name in held and one != held[name]}
        state = repr((before, sorted(held.items())))
        moved = created != before[0] or (told.owner or before[1]) != before[1]
        if moved or (self._terms.replace and other):
            return [Draft("changed", _created(told, created, {**added, **other}), row, state)]
        now = _updated(told, _cut(self._terms.now), other)
        drafts = []
        if added:
            drafts.append(Draft("changed", _updated(told, created, added), row, state))
        if other and added:  # one row, two messages: the second needs a name of its own
            drafts.append(Draft(MORE, now, f"{row}:now", state))
        elif other:
            drafts.append(Draft("changed", now, row, state))
        return drafts or [Draft("same", _created(told, created, {}), row)]

    def _deal(self, told: Told, deal: Deal, known: Known) -> list[Draft]:
        row, before = _row(told), known.deals.get(deal.deal_id)
        created = self._created_of(told, known)
        if created is None and not self._terms.new_leads:
            return []
        if deal.end == "open":
            self.counts["open"] += 1
            properties: Message = {"opportunity_id": deal.deal_id}
            message = _message(told, "Opportunity Reopened", _cut(self._terms.now), properties)
            return [Draft("reopened", message, row, repr(before))] if before else []
        self._note(told, deal, created)
        closed_at = before.closed_at if before and deal.closed_at is None else None
        closed_at = closed_at or _cut(self._closed_at(deal, created))
        properties = {"opportunity_id": deal.deal_id, "outcome": deal.end, "value": deal.value}
        if deal.currency:
            properties["currency"] = deal.currency
        message = _message(told, "Opportunity Closed", closed_at, properties)
        if before is None:
            return [Draft(deal.end, message, row)]
        same = (before.won, before.value, before.closed_at, before.crm_id) == (
            deal.end == "won", deal.value, closed_at, told.external)  # fmt: skip
        return [Draft("same_deal" if same else "corrected", message, row, repr(tuple(before)))]

    def _note(self, told: Told, deal: Deal, created: int | None) -> None:
        if created is None:
            self.counts["unknown_lead"] += 1
            if len(self.unknown) < self.MOST_NAMED:
                self.unknown.append(told.line)
        elif deal.closed_at is not None and deal.closed_at < created - created % DAY:
            self.counts["closed_early"] += 1
            if len(self.early) < self.MOST_NAMED:
                self.early.append(told.line)

    def _created_of(self, told: Told, known: Known) -> int | None:
        """When the lead of a deal was created; None when the CRM has told of no such lead."""
        if told.crm_id in known.created:
            return known.created[told.crm_id][0]
        if self._terms.new_leads and told.created_at is not None:
            return told.created_at
        keys = (identifier_key(self._terms.secret, one) for one in _identifiers(told))
        opened = [known.opened.get(known.owned.get(key, "")) for key in keys]
        return next((at for at in opened if at is not None), None)

    def _closed_at(self, deal: Deal, created: int | None) -> int:
        if deal.closed_at is not None:
            return deal.closed_at
        if created is None:
            return self._terms.now
        return min((created // DAY + self._terms.label_days) * DAY - 1, self._terms.now)


SAME = {"same": "unchanged", "same_deal": "unchanged"}
"""What the record holds already is passed over if this very row was told before."""
MORE = "more"
"""The second message of one row: it is counted with the first."""
CHANGED = {"same": "changed", "same_deal": "corrected"}
"""Else something of it is new that the record does not show: an email, an account, a currency."""


def _known(connection: sa.Connection, secret: bytes, piece: Sequence[Told]) -> Known:
    ids = sorted({told.crm_id for told in piece})
    created: dict[str, tuple[int, str | None]] = {}
    for some in chunks(ids):
        for row in connection.execute(sa.select(CRM_LEAD).where(CRM_LEAD.c.crm_id.in_(some))):
            created[row.crm_id] = (row.created_at, row.owner)
    values = attributes_at(connection, [(key_of(secret, one), NOW) for one in ids])
    owned: dict[bytes, str] = {}
    keys = {identifier_key(secret, one) for told in piece for one in _identifiers(told)}
    for some_keys in chunks(sorted(keys)):
        query = sa.select(IDENTIFIER.c.key, IDENTIFIER.c.lead_id)
        rows = connection.execute(query.where(IDENTIFIER.c.key.in_(some_keys)))
        owned.update((row.key, row.lead_id) for row in rows)
    opened: dict[str, int] = {}
    for some in chunks(sorted(set(owned.values()))):
        leads = sa.select(CRM_LEAD.c.lead_id, CRM_LEAD.c.created_at)
        rows = connection.execute(leads.where(CRM_LEAD.c.lead_id.in_(some)))
        opened.update((row.lead_id, row.created_at) for row in rows)
    deals: dict[str, Any] = {}
    for some in chunks(sorted({told.deal.deal_id for told in piece if told.deal})):
        for row in connection.execute(sa.select(OUTCOME).where(OUTCOME.c.deal_id.in_(some))):
            deals[row.deal_id] = row
    return Known(created, dict(zip(ids, values, strict=True)), owned, opened, deals)


def _identifiers(told: Told) -> list[Identifier]:
    found = [Identifier(IdentifierKind.USER_ID, told.user_id)] if told.user_id else []
    return [*found, *([email_identifier(told.email)] if told.email else [])]


def _values(told: Told, created: int) -> dict[str, Value]:
    """Dates become days since the creation, so that they mean the same for every lead."""
    days: dict[str, Value] = {name: (at - created) / DAY for name, at in told.dates.items()}
    return {**told.values, **days}


def _filled(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: one for name, one in values.items() if one is not None}


def _created(told: Told, at: int, values: dict[str, Value]) -> Message:
    person = {name: word for name, word in told.facts.items() if name in {"source", "channel"}}
    properties: Message = {**person, "crm": values}
    if told.owner:
        properties["owner"] = told.owner
    return _message(told, "Lead Created", at, properties)


def _updated(told: Told, at: int, values: dict[str, Value]) -> Message:
    return _message(told, "Lead Updated", at, {"crm": values})


def _message(told: Told, event: str, at: int, properties: Message) -> Message:
    traits: Message = {
        name: word for name, word in told.facts.items() if name not in {"source", "channel"}
    }
    if told.email:
        traits["email_sha256" if is_hashed(told.email) else "email"] = told.email
    context: Message = {}
    if told.external:
        context["externalIds"] = [{"type": CRM_LEAD_TYPE, "id": told.external}]
    if traits:
        context["traits"] = traits
    if told.account:
        context["groupId"] = told.account[:256]
    message: Message = {"type": "track", "event": event, "timestamp": to_iso(at)}
    if told.user_id:
        message["userId"] = told.user_id
    return {**message, "context": context, "properties": properties}


def _row(told: Told) -> str:
    """All that the row tells; a date that the whole file shares is none of it."""
    told = msgspec.structs.replace(told, line=0)
    if not told.dated:
        told.created_at = None
    return _encode(told).decode()


def _id(row: str, state: str = "") -> str:
    """The same row has the same id, so that a copy on its way is known as one."""
    told = _encode([row, state])
    return f"import:{hashlib.sha256(told).hexdigest()[:32]}"


def _cut(at: int) -> int:
    """Messages carry milliseconds."""
    return at - at % 1000
