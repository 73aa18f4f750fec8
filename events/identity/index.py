"""Identifier → lead and account for score calls: Redis first, the record behind it.

The index in Redis is derived and keyed by pseudonyms; a miss there asks the record, so only the
record can say that nobody is known by an identifier.

A key of its own would cost an identifier more than all that is said of it. So 65,536 hashes hold
them, small enough for Redis to keep each in one piece: with a million leads, four identifiers each,
a hash has 60 fields and an identifier costs half of what a key of its own does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import redis
import sqlalchemy as sa

from core.connections import ask
from core.database import chunks, reading
from events.identity.graph import Key, key_of
from events.identity.tables import IDENTIFIER, LEAD
from events.types import Identifier

Found = tuple[str, str | None]
"""Lead id, account id."""

_PREFIX = b"leadline:who:"
_HASH = 2
"""Bytes of a pseudonym that name its hash."""
_FIELD = 12
"""Up to here its bytes name the field: of ten million identifiers two are alike once in 10¹⁴."""
_ID = 12
"""Bytes of an id, told in hexadecimal elsewhere."""


class IdentifierIndex:
    def __init__(self, client: redis.Redis, engine: sa.Engine, secret: bytes) -> None:
        self._client = client
        self._engine = engine
        self._secret = secret

    def find(self, identifiers: Sequence[Identifier]) -> list[Found | None]:
        """One round trip to Redis; those it does not know are asked of the record.

        Raises `redis.RedisError` when Redis does not answer: then `find_in_record` does.
        """
        found = self.find_online(identifiers)
        missing = [who for who, one in zip(identifiers, found, strict=True) if one is None]
        behind = iter(self.find_in_record(missing) if missing else ())
        return [next(behind) if one is None else one for one in found]

    def find_online(self, identifiers: Sequence[Identifier]) -> list[Found | None]:
        """What Redis alone knows, in one round trip: None means nothing, as it may lack anybody;
        so does a row that it cannot read.

        Raises `redis.RedisError` when it does not answer.
        """
        keys = [key_of(self._secret, one) for one in identifiers]
        asked = [("HGET", *place_of(key)) for key in keys]
        replies = ask(self._client, asked, refusals=True)
        return [None if isinstance(one, Exception) else _parse(one) for one in replies]

    def find_in_record(self, identifiers: Sequence[Identifier]) -> list[Found | None]:
        keys = [key_of(self._secret, one) for one in identifiers]
        behind = self._ask_record(keys)
        return [behind.get(key) for key in keys]

    def find_leads(self, lead_ids: Sequence[str]) -> list[Found | None]:
        """Lead ids, as handed out by earlier answers → the leads that stand for them today."""
        found: dict[str, Found] = {}
        wanted = dict.fromkeys(lead_ids)
        after = {lead_id: lead_id for lead_id in wanted}
        with reading(self._engine) as connection:
            while after:
                rows = _leads(connection, set(after.values()))
                for asked, lead_id in list(after.items()):
                    row = rows.get(lead_id)
                    if row is not None and row.merged_into:
                        after[asked] = row.merged_into
                        continue
                    if row is not None:
                        found[asked] = (row.lead_id, row.account_id)
                    del after[asked]
        return [found.get(lead_id) for lead_id in lead_ids]

    def write(self, connection: sa.Connection, lead_ids: Iterable[str]) -> None:
        """Brings the index of these leads up to the record (`connection` reads it)."""
        with self._client.pipeline(transaction=False) as pipe:
            for some in chunks(sorted(set(lead_ids))):
                for row in connection.execute(_owned(IDENTIFIER.c.lead_id, some)):
                    told = value_of(row.lead_id, row.account_id)
                    pipe.execute_command("HSET", *place_of(row.key), told)
            pipe.execute()

    def _ask_record(self, keys: Sequence[Key]) -> dict[Key, Found]:
        found: dict[Key, Found] = {}
        with reading(self._engine) as connection:
            for some in chunks(sorted(set(keys))):
                for row in connection.execute(_owned(IDENTIFIER.c.key, some)):
                    found[row.key] = (row.lead_id, row.account_id)
        return found


def place_of(key: Key) -> tuple[bytes, bytes]:
    """The hash that holds an identifier, and its field there."""
    return _PREFIX + key[:_HASH], key[_HASH:_FIELD]


def value_of(lead_id: str, account_id: str | None) -> bytes:
    """What stands there: both ids, in half of their letters."""
    return bytes.fromhex(lead_id + (account_id or ""))


def _owned(
    column: sa.Column[bytes] | sa.Column[str], values: Sequence[bytes] | Sequence[str]
) -> sa.Select[Any]:
    return (
        sa.select(IDENTIFIER.c.key, IDENTIFIER.c.lead_id, LEAD.c.account_id)
        .join(LEAD, LEAD.c.lead_id == IDENTIFIER.c.lead_id)
        .where(column.in_(values))
    )


def _leads(connection: sa.Connection, lead_ids: set[str]) -> dict[str, Any]:
    columns = (LEAD.c.lead_id, LEAD.c.account_id, LEAD.c.merged_into)
    found: dict[str, Any] = {}
    for some in chunks(sorted(lead_ids)):
        for row in connection.execute(sa.select(*columns).where(LEAD.c.lead_id.in_(some))):
            found[row.lead_id] = row
    return found


def _parse(reply: bytes | None) -> Found | None:
    if reply is None or len(reply) not in {_ID, 2 * _ID}:  # nothing, or nothing of ours
        return None
    return reply[:_ID].hex(), reply[_ID:].hex() or None
