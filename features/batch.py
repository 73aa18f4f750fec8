"""What a batch of events does to the tiles it touches: counts, merges, moves between accounts."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping

import msgspec

from core.clock import DAY
from events.types import EnrichedEvent, Merge, Move
from features.change import change_of, update_account, update_lead
from features.definitions import Entity
from features.join import forget_person, join_account, merge, prune, see_active
from features.record import TileRow
from features.tiles import Tiles, encode

Name = tuple[Entity, str]


class Held(msgspec.Struct):
    """One entity's tiles in memory, and the newest moment they were known."""

    tiles: Tiles
    blob: bytes = b""
    """The tiles as they were written last."""
    known_at: int = 0
    pruned_day: int = 0


class Batch:
    """Takes events in order; `rows` are the tile rows they make, newest word on each moment last.

    `members_before` gives the leads of an account before this batch, their tiles in `held`.
    """

    def __init__(
        self, held: MutableMapping[Name, Held], members_before: Callable[[str], set[str]]
    ) -> None:
        self._held = held
        self._members_before = members_before
        self._moved: list[Move] = []
        self.late: set[str] = set()
        """Leads whose event was known before what their own or their account's tiles hold."""
        self._rows: dict[tuple[Entity, str, int], TileRow] = {}

    def take(self, one: EnrichedEvent) -> None:
        matched = one.matched
        changed: dict[Name, None] = {}
        for joined in matched.merges:
            self._merge(joined, changed)
        for move in matched.moves:
            self._move(move, changed)
        lead = (Entity.LEAD, matched.lead_id)
        change = change_of(one)
        update_lead(self._held[lead].tiles, change)
        changed[lead] = None
        if matched.account_id:
            account = (Entity.ACCOUNT, matched.account_id)
            person = self._held[lead].tiles
            update_account(self._held[account].tiles, change, matched.lead_id, person)
            changed[account] = None
        for name in changed:
            self._write(name, one)

    def rows(self) -> list[TileRow]:
        return list(self._rows.values())

    def _merge(self, joined: Merge, changed: dict[Name, None]) -> None:
        """The survivor's tiles take up the absorbed lead's, and accounts follow their people."""
        survivor = self._held[Entity.LEAD, joined.survivor].tiles
        gone = (Entity.LEAD, joined.absorbed)
        absorbed = self._held[gone].tiles
        before = {
            joined.survivor: joined.survivor_account,
            joined.absorbed: joined.absorbed_account,
        }
        for lead_id, account_id in before.items():
            if account_id and account_id != joined.account:
                self._leave(lead_id, account_id)
                changed[Entity.ACCOUNT, account_id] = None
        if joined.account:
            account = self._held[Entity.ACCOUNT, joined.account].tiles
            for lead_id, tiles in ((joined.survivor, survivor), (joined.absorbed, absorbed)):
                if before[lead_id] != joined.account:
                    join_account(account, tiles, lead_id)
            forget_person(account, joined.absorbed)
            changed[Entity.ACCOUNT, joined.account] = None
        merge(survivor, absorbed)
        if joined.account:
            see_active(account, survivor, joined.survivor)
        for lead_id, account_id in before.items():
            after = joined.account if lead_id == joined.survivor else None
            self._moved.append(Move(lead_id=lead_id, before=account_id, after=after))
        self._held[gone].tiles = Tiles()
        changed[Entity.LEAD, joined.survivor] = changed[gone] = None

    def _move(self, move: Move, changed: dict[Name, None]) -> None:
        if move.before:
            self._leave(move.lead_id, move.before)
            changed[Entity.ACCOUNT, move.before] = None
        if move.after:
            lead = self._held[Entity.LEAD, move.lead_id].tiles
            join_account(self._held[Entity.ACCOUNT, move.after].tiles, lead, move.lead_id)
            changed[Entity.ACCOUNT, move.after] = None
        self._moved.append(move)

    def _leave(self, lead_id: str, account_id: str) -> None:
        """First and last times cannot be subtracted: the account is counted anew without it."""
        held = self._held[Entity.ACCOUNT, account_id]
        words = held.tiles.words
        held.tiles = Tiles(words=words)
        for member in sorted(self._members(account_id) - {lead_id}):
            join_account(held.tiles, self._held[Entity.LEAD, member].tiles, member)

    def _members(self, account_id: str) -> set[str]:
        members = set(self._members_before(account_id))
        for move in self._moved:
            if move.before == account_id:
                members.discard(move.lead_id)
            if move.after == account_id:
                members.add(move.lead_id)
        return members

    def _write(self, name: Name, one: EnrichedEvent) -> None:
        """One row a moment: later events known at the same moment replace it."""
        held = self._held[name]
        event = one.matched.event
        if event.known_at < held.known_at:
            self.late.add(one.matched.lead_id)
        held.known_at = max(held.known_at, event.known_at)
        day = held.known_at // DAY
        if day > held.pruned_day:
            prune(held.tiles, held.known_at)
            held.pruned_day = day
        gone = any(joined.absorbed == name[1] for joined in one.matched.merges)
        held.blob = b"" if gone else encode(held.tiles)
        self._rows[*name, held.known_at] = TileRow(
            entity=name[0],
            id=name[1],
            known_at=held.known_at,
            created=event.recorded_at,
            offset=event.offset,
            blob=held.blob,
        )
