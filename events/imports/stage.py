"""Rows on the disk in the order of their moments, each lead and each deal once.

A file may be larger than memory and in any order; events have to come in the order in which they
were known, or their history has to be told anew. The stage is a SQLite file that is removed after
the import; nothing in it is needed again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from events.imports.told import Told

PIECE = 500
LAST = 2**62
"""Rows without a moment of their own come last."""

_SCHEMA = """
CREATE TABLE lead (crm_id TEXT PRIMARY KEY, line INTEGER, at INTEGER, told BLOB);
CREATE TABLE deal (deal_id TEXT PRIMARY KEY, line INTEGER, at INTEGER, told BLOB);
PRAGMA synchronous = OFF;
PRAGMA journal_mode = MEMORY;
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


class Stage:
    """`copies` are rows told twice alike; `replaced` (line before, line now) those told anew."""

    MOST_NAMED = 100

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_SCHEMA + "BEGIN;")
        self.copies = 0
        self.replaced = 0
        self.replacements: list[tuple[int, int]] = []

    def put(self, told: Told, *, lead: bool) -> None:
        """A later row on one lead, or on one deal, stands; a deal without a lead is kept alone."""
        deal = told.deal
        if lead:
            at = LAST if told.created_at is None else told.created_at
            bare = msgspec.structs.replace(told, deal=None)
            self._put("lead", told.crm_id, at, bare)
        if deal is not None:
            at = LAST if deal.closed_at is None else deal.closed_at
            bare = msgspec.structs.replace(
                told, owner=None, account=None, facts={}, values={}, dates={}
            )
            self._put("deal", deal.deal_id, at, bare, count=not lead)

    def _put(self, table: str, key: str, at: int, told: Told, *, count: bool = True) -> None:
        key_column = "crm_id" if table == "lead" else "deal_id"
        body = _encode(told)
        query = f"SELECT line, told FROM {table} WHERE {key_column} = ?"  # noqa: S608 - constants
        held = self._connection.execute(query, (key,)).fetchone()
        if held is not None and count:
            if msgspec.structs.replace(_decode(held[1]), line=told.line) == told:
                self.copies += 1
            else:
                self.replaced += 1
                if len(self.replacements) < self.MOST_NAMED:
                    self.replacements.append((held[0], told.line))
        insert = f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?)"  # noqa: S608
        self._connection.execute(insert, (key, told.line, at, body))

    def pieces(self) -> Iterator[list[Told]]:
        """Leads and deals by their moments, a lead before a deal of the same one."""
        self._connection.execute("CREATE INDEX lead_at ON lead (at, line)")
        self._connection.execute("CREATE INDEX deal_at ON deal (at, line)")
        rows = self._connection.execute(
            "SELECT told FROM (SELECT at, 0 AS kind, line, told FROM lead UNION ALL"
            " SELECT at, 1, line, told FROM deal) ORDER BY at, kind, line"
        )
        while piece := rows.fetchmany(PIECE):
            yield [_decode(row[0]) for row in piece]

    def close(self) -> None:
        self._connection.close()
