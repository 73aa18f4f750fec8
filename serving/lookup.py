"""Who is meant, and their tiles: Redis first, the record where Redis does not answer or know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import redis
import sqlalchemy as sa

from core.database import reading
from events import progress
from events.identity.index import Found, IdentifierIndex
from events.types import Identifier
from features.definitions import Entity
from features.marked import Mark, read_marked
from features.online import BlobPair, OnlineStore
from features.record import read_blobs
from features.told import is_readable
from serving.asks import Who
from serving.breaker import Breaker
from serving.filled import Filled

ONLINE_STORE = "online_store"
"""What `degraded` names when Redis did not answer, or waits for the worker to fill it."""


class Read(NamedTuple):
    """The tiles of each pair, and what was missing: `("online_store",)` or nothing.

    `marks` says which rows they were, if it was asked for and the store that was read could tell.
    """

    blobs: list[BlobPair]
    degraded: tuple[str, ...] = ()
    marks: list[Mark] | None = None


class Lookup:
    """Two round trips to Redis at most, however many people are asked for."""

    def __init__(self, client: redis.Redis, engine: sa.Engine, secret: bytes) -> None:
        self._client = client
        self._index = IdentifierIndex(client, engine, secret)
        self._online = OnlineStore(client)
        self._engine = engine
        self._breaker = Breaker()
        self._filled = Filled(client)

    def find(self, people: Sequence[Who]) -> list[Found | None]:
        """The lead and account of each; None for whom even the record does not know."""
        identifiers = [who for who in people if isinstance(who, Identifier)]
        lead_ids = [who for who in people if not isinstance(who, Identifier)]
        found: dict[Who, Found | None] = {}
        if identifiers:
            found.update(zip(identifiers, self._find(identifiers), strict=True))
        if lead_ids:
            found.update(zip(lead_ids, self._index.find_leads(lead_ids), strict=True))
        return [found[who] for who in people]

    def _find(self, identifiers: list[Identifier]) -> list[Found | None]:
        if self._breaker.closed:
            try:
                return self._index.find(identifiers)
            except redis.RedisError:
                self._breaker.trip()
        return self._index.find_in_record(identifiers)

    def read(self, pairs: Sequence[Found], *, marked: bool = False) -> Read:
        """The tiles of each pair; `marked` asks which rows they are as well."""
        if not pairs:
            return Read([])
        if self._breaker.closed:
            try:
                if not self._filled.now():
                    return self._read_record(pairs)
                tiles, marks = self._ask(pairs, marked)
                return Read(self._fill(pairs, tiles), marks=marks)
            except (redis.RedisError, IndexError):
                self._breaker.trip()
        return self._read_record(pairs)

    def reread(self, pairs: Sequence[Found], read: Read) -> Read:
        """The same, once bytes of some turned out to be no tiles: these come from the record, what
        was read of the others stays.
        """
        bad = [at for at, held in enumerate(read.blobs) if not all(map(is_readable, held))]
        record = self._read_record([pairs[at] for at in bad])
        blobs = list(read.blobs)
        for at, held in zip(bad, record.blobs, strict=True):
            blobs[at] = held
        marks = None
        if read.marks is not None and record.marks is not None:
            fresh = dict(zip(bad, record.marks, strict=True))
            marks = [fresh.get(at, mark) for at, mark in enumerate(read.marks)]
        return Read(blobs, (ONLINE_STORE,), marks)

    def _ask(
        self, pairs: Sequence[Found], marked: bool
    ) -> tuple[list[BlobPair], list[Mark] | None]:
        return read_marked(self._client, pairs) if marked else (self._online.read(pairs), None)

    def _read_record(self, pairs: Sequence[Found]) -> Read:
        """All from the record, which the worker commits together with how far it has come: that is
        the mark of each row. Two looks, for not every database shows one state to all queries.
        """
        before = self._recorded_up_to()
        tiles = self._fill(pairs, [(None, None)] * len(pairs))
        marks = None
        if before == self._recorded_up_to():
            marks = [Mark(before, before if account_id else None) for _, account_id in pairs]
        return Read(tiles, (ONLINE_STORE,), marks)

    def _recorded_up_to(self) -> int:
        with reading(self._engine) as connection:
            return progress.load(connection).watermark

    def _fill(self, pairs: Sequence[Found], tiles: list[BlobPair]) -> list[BlobPair]:
        """Redis may have been emptied: what it does not hold, the record does."""
        leads = [pair[0] for pair, held in zip(pairs, tiles, strict=True) if held[0] is None]
        accounts = [
            pair[1]
            for pair, held in zip(pairs, tiles, strict=True)
            if pair[1] is not None and held[1] is None
        ]
        if not leads and not accounts:
            return tiles
        with reading(self._engine) as connection:
            lead_tiles = read_blobs(connection, Entity.LEAD, leads)
            account_tiles = read_blobs(connection, Entity.ACCOUNT, accounts)
        return [
            (held[0] or lead_tiles.get(pair[0]), held[1] or account_tiles.get(pair[1] or ""))
            for pair, held in zip(pairs, tiles, strict=True)
        ]
