"""Score calls as they were answered, kept by sampling: for audits, and to make an answer again.

A row holds what the lead was judged by and the answer, under the lead's id and no identifier of the
person; of the email only its domain. Erasing a lead has to reach these rows: `forget` does.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks, metadata, prune
from features.windows import Value
from scoring.arms import Place

CALL = sa.Table(
    "score_call",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, index=True),
    sa.Column("place", sa.Integer, nullable=False),  # of the lead in its call
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("lead_id", sa.String(24), nullable=False, index=True),
    sa.Column("account_id", sa.String(24)),
    sa.Column("told", sa.LargeBinary, nullable=False),  # a Call, as msgpack
    sqlite_autoincrement=True,
)


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One lead of one score call: what it was judged by, and what was answered.

    Times in microseconds, UTC.
    """

    id: str
    place: int = 0
    at: int
    """When it was answered."""
    seconds: float
    """From the call's arrival to its answer: waiting, looking up and judging all of its leads."""
    explain: str
    lead_id: str
    account_id: str | None
    as_of: int
    known_to: int | None = None
    definitions: str
    """Digest of the features' definitions: values of others cannot be judged."""
    values: list[Value]
    """Of all features, in their order."""
    columns: dict[str, Value] = {}
    """The CRM's own, where a model reads them."""
    capped: tuple[str, ...] = ()
    beside: dict[str, Value]
    band_before: str | None = None
    snoozed: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    release: int
    rules_version: int
    model_name: str | None = None
    model_version: str | None = None
    alias: str | None = None
    arm: Place | None = None
    """Of the experiment that ran."""
    answer: bytes
    """JSON."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Call).decode


def write_calls(connection: sa.Connection, calls: Sequence[Call]) -> None:
    rows = [
        {
            "id": one.id,
            "place": one.place,
            "at": one.at,
            "lead_id": one.lead_id,
            "account_id": one.account_id,
            "told": _encode(one),
        }
        for one in calls
    ]
    if rows:
        connection.execute(CALL.insert(), rows)


def read_calls(connection: sa.Connection, call_id: str) -> list[Call]:
    """The leads of one call that were kept, in the order of the call; none for an unknown id."""
    told = sa.select(CALL.c.told).where(CALL.c.id == call_id).order_by(CALL.c.place)
    return [_decode(row) for row in connection.execute(told).scalars()]


def prune_calls(connection: sa.Connection, most: int, before: int) -> int:
    """Drops what was answered before a moment, and all but the newest `most`: see `prune`."""
    return prune(connection, CALL.c.number, CALL.c.at, most, before)


def forget(connection: sa.Connection, lead_ids: Sequence[str]) -> int:
    """Erases what was kept of these leads; returns how many rows."""
    return sum(
        connection.execute(CALL.delete().where(CALL.c.lead_id.in_(some))).rowcount
        for some in chunks(list(lead_ids))
    )
