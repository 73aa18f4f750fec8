"""The queue between deciding and delivering, in the record: a signal leaves at least once.

`put` runs inside the transaction that decided, so a signal exists if, and only if, the state that
it tells of does. A row is one signal for one destination; a crash between sending and `settle`
sends it again under the same id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.database import chunks
from signals.tables import OUTBOX, SIGNAL
from signals.types import Signal

WAITING = "waiting"
DELIVERED = "delivered"
UNDELIVERABLE = "undeliverable"
NOBODY = ""
"""Stands for the lead of a signal that is about none."""

_encode = msgspec.json.Encoder().encode


class Due(msgspec.Struct, frozen=True):
    """One signal that waits for one destination. `body` is the CloudEvent, as it will be sent."""

    signal_id: str
    destination: str
    attempts: int
    body: bytes


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one attempt; with `state` waiting, `next_at` says when to try again."""

    signal_id: str
    destination: str
    state: str
    attempts: int
    next_at: int
    status: int | None
    error: str


def put(connection: sa.Connection, signals: Sequence[Signal], now: int) -> None:
    """Stores signals and queues them for their routes' destinations. The same id again is a no-op.

    `now`: microseconds, UTC, from when on they are due.
    """
    fresh = _unknown(connection, signals)
    if not fresh:
        return
    connection.execute(sa.insert(SIGNAL), [_signal_row(signal) for signal in fresh])
    queued = [
        {
            "signal_id": signal.id,
            "destination": destination,
            "state": WAITING,
            "next_at": now,
            "attempts": 0,
            "error": "",
        }
        for signal in fresh
        for destination in dict.fromkeys(signal.data["route"]["destinations"])
    ]
    if queued:
        connection.execute(sa.insert(OUTBOX), queued)


def lock(connection: sa.Connection) -> None:
    """For whoever puts signals beside the worker: waits until it has committed, and lets it wait,
    so that a reader who follows their numbers misses none. SQLite's writers are alone anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE signal IN SHARE ROW EXCLUSIVE MODE"))


def _unknown(connection: sa.Connection, signals: Sequence[Signal]) -> list[Signal]:
    """Only the worker puts signals of leads, and the look at drift those of models: what is not
    there now cannot come between.
    """
    fresh = {signal.id: signal for signal in reversed(signals)}
    for part in chunks(list(fresh)):
        known = connection.execute(sa.select(SIGNAL.c.id).where(SIGNAL.c.id.in_(part)))
        for signal_id in known.scalars():
            del fresh[signal_id]
    return list(reversed(fresh.values()))


def _signal_row(signal: Signal) -> dict[str, Any]:
    return {
        "id": signal.id,
        "type": signal.type,
        "lead_id": signal.data["lead_id"] or NOBODY,
        "account_id": signal.data["account_id"],
        "owner": signal.data["route"]["owner"],
        "at": signal.time,
        "body": _encode(signal.to_cloudevent()),
    }


def due(connection: sa.Connection, now: int, limit: int, busy: Collection[str] = ()) -> list[Due]:
    """Rows to be sent by now, longest due first, but none for destinations that are `busy`."""
    asked = (
        sa.select(OUTBOX.c.signal_id, OUTBOX.c.destination, OUTBOX.c.attempts, SIGNAL.c.body)
        .join_from(OUTBOX, SIGNAL, SIGNAL.c.id == OUTBOX.c.signal_id)
        .where(OUTBOX.c.state == WAITING, OUTBOX.c.next_at <= now)
        .order_by(OUTBOX.c.next_at, SIGNAL.c.number)
        .limit(limit)
    )
    if busy:
        asked = asked.where(OUTBOX.c.destination.not_in(list(busy)))
    return [Due(*row) for row in connection.execute(asked)]


def settle(connection: sa.Connection, settled: Sequence[Settled], now: int) -> None:
    """Writes down what became of attempts."""
    if not settled:
        return
    statement = (
        sa.update(OUTBOX)
        .where(
            OUTBOX.c.signal_id == sa.bindparam("of_signal"),
            OUTBOX.c.destination == sa.bindparam("of_destination"),
        )
        .values({name: sa.bindparam(f"new_{name}") for name in _SETTLED})
    )
    connection.execute(statement, [_settled_row(item, now) for item in settled])


def waiting(connection: sa.Connection, destination: str) -> int:
    """How many signals wait for a destination, due now or later."""
    asked = sa.select(sa.func.count()).where(
        OUTBOX.c.destination == destination, OUTBOX.c.state == WAITING
    )
    return int(connection.execute(asked).scalar_one())


def depths(connection: sa.Connection) -> list[tuple[str, str, int]]:
    """(destination, state, signals) of all that waits, and of all that was given up."""
    asked = (
        sa.select(OUTBOX.c.destination, OUTBOX.c.state, sa.func.count())
        .where(OUTBOX.c.state.in_([WAITING, UNDELIVERABLE]))
        .group_by(OUTBOX.c.destination, OUTBOX.c.state)
    )
    return [(destination, state, held) for destination, state, held in connection.execute(asked)]


def due_since(connection: sa.Connection) -> int | None:
    """The moment (microseconds, UTC) from which the longest due signal waits; None without one."""
    asked = sa.select(sa.func.min(OUTBOX.c.next_at)).where(OUTBOX.c.state == WAITING)
    found: int | None = connection.execute(asked).scalar_one()
    return found


def any_delivered(connection: sa.Connection, destination: str, since: int) -> bool:
    """Whether anything got through to a destination since a moment (microseconds, UTC)."""
    asked = sa.select(
        sa.exists().where(
            OUTBOX.c.destination == destination,
            OUTBOX.c.state == DELIVERED,
            OUTBOX.c.done_at >= since,
        )
    )
    return bool(connection.execute(asked).scalar())


_SETTLED = ("state", "attempts", "next_at", "status", "error", "done_at")


def _settled_row(item: Settled, now: int) -> dict[str, Any]:
    row: dict[str, Any] = {f"new_{name}": getattr(item, name) for name in _SETTLED[:-1]}
    row["new_done_at"] = None if item.state == WAITING else now
    return row | {"of_signal": item.signal_id, "of_destination": item.destination}
