"""Destinations that were given up, until their address or secret changes."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from core.database import upsert
from signals.tables import DISABLED


def load(connection: sa.Connection, fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Name → why, of those that are still as they were when they were given up."""
    rows = connection.execute(sa.select(DISABLED))
    return {
        row.destination: row.reason
        for row in rows
        if fingerprints.get(row.destination) == row.fingerprint
    }


def save(connection: sa.Connection, name: str, fingerprint: str, reason: str, now: int) -> None:
    row = {"destination": name, "fingerprint": fingerprint, "at": now, "reason": reason}
    upsert(DISABLED, connection, [row])
