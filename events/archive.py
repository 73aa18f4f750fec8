"""The archive: every matched event, sealed with its lead's own key, for recomputing features.

Only pseudonymous ids and times stand in the clear. Dropping a lead's key erases its events in
every file at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.crypto import decrypt, encrypt
from events.types import MatchedEvent

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "events"
"""The archive's folder in the lake."""
PIECE = 2_000
"""Events that are read at once."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MatchedEvent).decode


def seal(matched: MatchedEvent, key: bytes) -> bytes:
    """As it was matched on arrival; histories that are told anew match it anew."""
    return encrypt(key, zlib.compress(_encode(matched), 1))


def unseal(body: bytes, key: bytes) -> MatchedEvent:
    """Raises `cryptography.exceptions.InvalidTag` when the key is not the lead's."""
    return _decode(zlib.decompress(decrypt(key, body)))


def archive_table(matched: Sequence[MatchedEvent], keys: Mapping[str, bytes]) -> pa.Table:
    """One row an event; `keys` maps lead ids to their data keys."""
    import pyarrow as pa

    stamp = pa.timestamp("us", tz="UTC")
    events = [one.event for one in matched]
    return pa.table(
        {
            "offset": pa.array([event.offset for event in events], pa.int64()),
            "lead_id": pa.array([one.lead_id for one in matched], pa.string()),
            "account_id": pa.array([one.account_id for one in matched], pa.string()),
            "name": pa.array([event.name for event in events], pa.string()),
            "occurred_at": pa.array([event.occurred_at for event in events], stamp),
            "known_at": pa.array([event.known_at for event in events], stamp),
            "recorded_at": pa.array([event.recorded_at for event in events], stamp),
            "body": pa.array([seal(one, keys[one.lead_id]) for one in matched], pa.binary()),
        }
    )


def read_archive(
    lake: Path, keys: Mapping[str, bytes], leads: Collection[str] | None = None
) -> Iterator[list[MatchedEvent]]:
    """Archived events by (known_at, offset), in pieces: all, or those matched to `leads` then.

    Events of erased leads are left out: without their key nobody can read them.
    """
    import duckdb

    if not any((lake / KIND).glob("**/*.parquet")):
        return
    files = str(lake / KIND / "**" / "*.parquet")
    chosen = "" if leads is None else "WHERE lead_id IN (SELECT unnest(?))"
    with duckdb.connect(config={"memory_limit": "800MB"}) as connection:
        told = connection.execute(
            f'''SELECT lead_id, body FROM (
                SELECT DISTINCT "offset", known_at, lead_id, body FROM read_parquet(?) {chosen}
            ) ORDER BY known_at, "offset"''',  # noqa: S608 - `chosen` is one of two constants
            [files] if leads is None else [files, sorted(leads)],
        )
        while rows := told.fetchmany(PIECE):
            yield [unseal(body, keys[lead_id]) for lead_id, body in rows if lead_id in keys]
