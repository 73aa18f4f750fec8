"""Who is meant, and their tiles: Redis first, the record where Redis does not answer or know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeVar

import redis
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.database import reading
from core.errors import Unavailable
from events import progress
from events.identity.index import Found, IdentifierIndex
from events.types import Identifier
from features.definitions import Entity
from features.marked import Mark, read_marked
from features.online import BlobPair, OnlineStore
from features.record import read_blobs
from features.told import is_readable
from serving.score.asks import Who
from serving.score.beside import NOTHING, Beside, read_beside, recorded_beside
from serving.score.breaker import Away, Breaker
from serving.score.filled import Filled

T = TypeVar("T")
ONLINE_STORE = "online_store"
"""What `degraded` names when Redis did not answer, or waits for the worker to fill it."""
RECORD = "record"
"""What `degraded` names when facts that only the record holds are missing."""
WORKER = "worker"
"""What `degraded` names when events that were accepted some time ago may not be in the features."""
SLOW_S = 0.1
"""Answers later than this, one after the other, and a store is left alone."""


class Read(NamedTuple):
    """The tiles of each pair, and what was missing of each: `("online_store",)`, or nothing.

    `marks` says which rows they were, if it was asked for and the store that was read could tell.
    All events recorded by `known_to` are in the tiles; None when nobody could say. `beside` is what
    is known of each lead besides.
    """

    blobs: list[BlobPair]
    beside: list[Beside]
    degraded: Sequence[tuple[str, ...]]
    marks: list[Mark] | None = None
    known_to: int | None = None


class Reach(NamedTuple):
    """What reads do without just now, and until when all events are in them (None: unknown)."""

    degraded: tuple[str, ...]
    known_to: int | None


class Lookup:
    """Two round trips to Redis at most, however many people are asked for.

    Raises Unavailable where neither store can tell: nothing true could be said of anybody.
    """

    def __init__(
        self, client: redis.Redis, engine: sa.Engine, secret: bytes, clock: Clock | None = None
    ) -> None:
        self._client = client
        self._index = IdentifierIndex(client, engine, secret)
        self._online = OnlineStore(client)
        self._engine = engine
        self._filled = Filled(client, clock)
        asked, own = (redis.RedisError,), (redis.ResponseError,)
        self.online = Breaker(Filled(client, clock).now, asked, answers=own, slow_s=SLOW_S)
        self.record = Breaker(self.recorded_up_to, (SQLAlchemyError,), slow_s=10 * SLOW_S)

    def find(self, people: Sequence[Who]) -> list[Found | None]:
        """The lead and account of each; None for whom even the record does not know."""
        identifiers = [who for who in people if isinstance(who, Identifier)]
        if len(identifiers) == len(people):
            return self._find(identifiers) if identifiers else []
        lead_ids = [who for who in people if not isinstance(who, Identifier)]
        found: dict[Who, Found | None] = {}
        if identifiers:
            found.update(zip(identifiers, self._find(identifiers), strict=True))
        told = self._of_record(lambda: self._index.find_leads(lead_ids))
        found.update(zip(lead_ids, told, strict=True))
        return [found[who] for who in people]

    def _find(self, identifiers: list[Identifier]) -> list[Found | None]:
        found: list[Found | None] = [None] * len(identifiers)
        with suppress(Away, redis.ResponseError):  # the record knows everybody
            found = self.online.call(lambda: self._index.find_online(identifiers))
        missing = [who for who, one in zip(identifiers, found, strict=True) if one is None]
        if not missing:
            return found
        behind = iter(self._of_record(lambda: self._index.find_in_record(missing)))
        return [next(behind) if one is None else one for one in found]

    def read(self, pairs: Sequence[Found], *, marked: bool = False) -> Read:
        """The tiles of each pair; `marked` asks which rows they are as well."""
        if not pairs:
            return Read([], [], [], known_to=self._filled.known_to)
        try:
            read = self.online.call(lambda: self._ask(pairs, marked))
        except (Away, redis.ResponseError, IndexError, ValueError):
            read = None  # away, or what it holds is nothing of ours
        return self._read_record(pairs) if read is None else self._fill_read(pairs, read)

    def reach(self) -> Reach:
        """The same of a read of nobody: who asks how it is, is told what scores are told."""
        with suppress(Away):
            if self.online.call(lambda: self._filled.now(afresh=True)):
                return Reach((), self._filled.known_to)
        try:
            return Reach((ONLINE_STORE,), self.record.call(self.recorded_up_to) or None)
        except Away:
            return Reach((ONLINE_STORE, RECORD), None)

    def reread(self, pairs: Sequence[Found], read: Read) -> Read:
        """The same, once bytes of some turned out to be no tiles: these come from the record, what
        was read of the others stays.
        """
        bad = [at for at, held in enumerate(read.blobs) if not all(map(is_readable, held))]
        record = self._read_record([pairs[at] for at in bad])
        blobs, beside, degraded = list(read.blobs), list(read.beside), list(read.degraded)
        for at, held, one in zip(bad, record.blobs, record.beside, strict=True):
            blobs[at], beside[at], degraded[at] = held, one, (ONLINE_STORE,)
        marks = None
        if read.marks is not None and record.marks is not None:
            fresh = dict(zip(bad, record.marks, strict=True))
            marks = [fresh.get(at, mark) for at, mark in enumerate(read.marks)]
        return Read(blobs, beside, degraded, marks, read.known_to)

    def _ask(self, pairs: Sequence[Found], marked: bool) -> Read | None:
        """From Redis alone; None while it waits to be filled."""
        if not self._filled.now():
            return None
        known_to = self._filled.known_to
        if marked:
            tiles, marks, told = read_marked(self._client, pairs)
        else:
            (tiles, told), marks = self._online.look(pairs), None
        beside = [read_beside(one) for one in told]
        if None in beside:  # a row that is none of ours: the record has it
            kept = zip(tiles, beside, strict=True)
            tiles = [(None if one is None else lead, account) for (lead, account), one in kept]
        degraded = [(ONLINE_STORE,) if one is None else () for one in beside]
        return Read(tiles, [one or NOTHING for one in beside], degraded, marks, known_to)

    def _fill_read(self, pairs: Sequence[Found], read: Read) -> Read:
        """Redis may have lost rows: the record has them. If it is away, they are told as missing:
        an entity that has no row at all looks the same.
        """
        lacks = [
            not (lead and (account or not of))
            for (lead, account), (_, of) in zip(read.blobs, pairs, strict=True)
        ]
        if not any(lacks):
            return read
        try:
            return self.record.call(lambda: self._fill(pairs, read))
        except Away:
            return read._replace(degraded=[(RECORD,) if one else () for one in lacks])

    def _read_record(self, pairs: Sequence[Found]) -> Read:
        return self._of_record(lambda: self._ask_record(pairs))

    def _ask_record(self, pairs: Sequence[Found]) -> Read:
        """All from the record, which the worker commits together with how far it has come: that is
        the mark of each row. Two looks, for not every database shows one state to all queries.
        """
        before = self.recorded_up_to()
        away = [(ONLINE_STORE,)] * len(pairs)
        read = self._fill(pairs, Read([(None, None)] * len(pairs), [NOTHING] * len(pairs), away))
        marks = None
        if before == self.recorded_up_to():
            marks = [Mark(before, before if account_id else None) for _, account_id in pairs]
        return read._replace(marks=marks, known_to=before or None)

    def _of_record(self, work: Callable[[], T]) -> T:
        try:
            return self.record.call(work)
        except Away as away:
            raise Unavailable(
                "neither the online store nor the record can tell", do="try again shortly"
            ) from away

    def recorded_up_to(self) -> int:
        """All events recorded by then are in the record; 0 for none yet."""
        with reading(self._engine) as connection:
            return progress.load(connection).watermark

    def _fill(self, pairs: Sequence[Found], read: Read) -> Read:
        """What the record has of those of whom there is nothing."""
        held = list(zip(pairs, read.blobs, strict=True))
        leads = [pair[0] for pair, tiles in held if tiles[0] is None]
        accounts = [pair[1] for pair, tiles in held if pair[1] is not None and tiles[1] is None]
        if not leads and not accounts:
            return read
        with reading(self._engine) as connection:
            lead_tiles = read_blobs(connection, Entity.LEAD, leads)
            account_tiles = read_blobs(connection, Entity.ACCOUNT, accounts)
            beside = dict(zip(leads, recorded_beside(connection, leads), strict=True))
        return read._replace(
            blobs=[
                (tiles[0] or lead_tiles.get(pair[0]), tiles[1] or account_tiles.get(pair[1] or ""))
                for pair, tiles in held
            ],
            beside=[beside.get(pair[0], one) for pair, one in zip(pairs, read.beside, strict=True)],
        )
