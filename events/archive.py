"""The archive: every matched event, sealed with its lead's own key, for recomputing features.

Only pseudonymous ids and times stand in the clear. Dropping a lead's key erases its events in
every file at once.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.crypto import decrypt, encrypt
from events.types import MatchedEvent

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "events"
"""The archive's folder in the lake."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MatchedEvent).decode


def seal(matched: MatchedEvent, key: bytes) -> bytes:
    """With its merges and moves: a replay needs no second look at who was who."""
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
    lake: Path, keys: Mapping[str, bytes], piece: int = 2_000
) -> Iterator[list[MatchedEvent]]:
    """All archived events in the log's order, in pieces. Events of erased leads are left out:
    without their key nobody can read them.
    """
    import duckdb

    files = lake / KIND / "**" / "*.parquet"
    if not any((lake / KIND).glob("**/*.parquet")):
        return
    with duckdb.connect(config={"memory_limit": "800MB"}) as connection:
        told = connection.execute(
            'SELECT DISTINCT "offset", lead_id, body FROM read_parquet(?) ORDER BY "offset"',
            [str(files)],
        )
        while rows := told.fetchmany(piece):
            yield [unseal(body, keys[lead_id]) for _, lead_id, body in rows if lead_id in keys]
