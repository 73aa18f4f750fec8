"""Staged rows, and what the record knows already → messages for the door of history.

The same file again brings nothing: what stands in the record as the row tells it is passed over,
and a message that was sent but not yet met by the worker has the same id as its copy.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from core.clock import DAY
from events.attributes import Value
from events.imports.known import Known, read_known
from events.imports.messages import (
    Message,
    deal_closed,
    deal_reopened,
    lead_created,
    lead_updated,
)
from events.imports.told import Deal, Told
from events.intake.duplicates import seen_messages

UNCHANGED = {"same": "changed", "same_deal": "corrected"}
"""What the record holds already is passed over if this very row was told before. Else something of
it is new that the record does not show, and it counts as the second word says: an email, an
account, a currency.
"""
MORE = "more"
"""The second message of one row: it is counted with the first."""
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


class Draft(NamedTuple):
    """A message to be, why, and the row that tells it."""

    because: str
    message: Message
    row: str


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
        known = read_known(connection, self._terms.secret, piece)
        drafts = [
            draft
            for told in piece
            for draft in (self._deal(told, told.deal, known) if told.deal else
                          self._lead(told, known))
        ]  # fmt: skip
        seen = seen_messages(connection, [_id(draft.row) for draft in drafts])
        bodies = []
        for draft in drafts:
            name, again = _id(draft.row), 0
            if name in seen and draft.because in UNCHANGED:
                self.counts["unchanged"] += 1
                continue
            # Told before, told otherwise since, and told again: no copy of the earlier times.
            while name in seen:
                again += 1
                name = _id(draft.row, again)
                seen |= seen_messages(connection, [name])
            if draft.because != MORE:
                self.counts[UNCHANGED.get(draft.because, draft.because)] += 1
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
            return [Draft("new", lead_created(told, created, values), row)]
        created = _cut(told.created_at) if told.dated and told.created_at else before[0]
        values, held = _values(told, created), known.values.get(told.crm_id, {})
        added = _filled({name: one for name, one in values.items() if name not in held})
        other = {name: one for name, one in values.items() if name in held and one != held[name]}
        moved = created != before[0] or (told.owner or before[1]) != before[1]
        if moved or (self._terms.replace and other):
            return [Draft("changed", lead_created(told, created, {**added, **other}), row)]
        now = lead_updated(told, _cut(self._terms.now), other)
        drafts = []
        if added:
            drafts.append(Draft("changed", lead_updated(told, created, added), row))
        if other and added:  # one row, two messages: the second needs a name of its own
            drafts.append(Draft(MORE, now, f"{row}:now"))
        elif other:
            drafts.append(Draft("changed", now, row))
        return drafts or [Draft("same", lead_created(told, created, {}), row)]

    def _deal(self, told: Told, deal: Deal, known: Known) -> list[Draft]:
        row, before = _row(told), known.deals.get(deal.deal_id)
        created = self._created_of(told, known)
        if created is None and not self._terms.new_leads:
            return []
        if deal.end == "open":
            self.counts["open"] += 1
            message = deal_reopened(told, deal, _cut(self._terms.now))
            return [Draft("reopened", message, row)] if before else []
        self._note(told, deal, created)
        closed_at = before.closed_at if before and deal.closed_at is None else None
        closed_at = closed_at or _cut(self._closed_at(deal, created))
        message = deal_closed(told, deal, closed_at)
        if before is None:
            return [Draft(deal.end, message, row)]
        same = (before.won, before.value, before.crm_id) == (
            deal.end == "won", deal.value, told.external)  # fmt: skip
        # A deal that closed today was told with the moment of its import, not with the day's end.
        told_at = deal.closed_at or closed_at
        same = same and told_at - DAY < before.closed_at <= told_at
        return [Draft("same_deal" if same else "corrected", message, row)]

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
        """When the lead of a deal was created; None when neither file nor record tells of one."""
        created = known.created_of(told, self._terms.secret)
        return told.created_at if created is None and self._terms.new_leads else created

    def _closed_at(self, deal: Deal, created: int | None) -> int:
        if deal.closed_at is not None:
            return min(deal.closed_at, self._terms.now)
        if created is None:
            return self._terms.now
        return min((created // DAY + self._terms.label_days) * DAY - 1, self._terms.now)


def _values(told: Told, created: int) -> dict[str, Value]:
    """Dates become days since the creation, so that they mean the same for every lead."""
    days: dict[str, Value] = {name: (at - created) / DAY for name, at in told.dates.items()}
    return {**told.values, **days}


def _filled(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: one for name, one in values.items() if one is not None}


def _row(told: Told) -> str:
    """All that the row tells; a date that the whole file shares is none of it."""
    told = msgspec.structs.replace(told, line=0)
    if not told.dated:
        told.created_at = None
    return _encode(told).decode()


def _id(row: str, again: int = 0) -> str:
    """The same row has the same id, so that a copy on its way is known as one."""
    return f"import:{hashlib.sha256(_encode([row, again])).hexdigest()[:32]}"


def _cut(at: int) -> int:
    """Messages carry milliseconds."""
    return at - at % 1000
