"""What a CRM says of a lead in columns of its own: declared names, values with their moment.

A column is declared once, by an import; its values then come with `lead_created` and `lead_updated`
events as `properties.crm`, through any door. They are kept under the pseudonym of the CRM id, so
that merges and histories told anew need not touch them: whoever owns the id owns the values.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.database import chunks, metadata, upsert
from events.identity.graph import Key
from events.identity.graph import key_of as identifier_key
from events.identity.tables import IDENTIFIER, IDENTIFIER_HISTORY
from events.outcomes import crm_id_of
from events.types import EnrichedEvent, Identifier, IdentifierKind

PREFIX = "crm_"
"""Of every name, so that no column can be taken for a feature of ours."""

TOLD_BY = frozenset({"lead_created", "lead_updated"})
LONGEST = 200
"""Characters of a word that are kept."""

Value = float | int | str | None
Values = dict[str, Value]


class ColumnKind(enum.StrEnum):
    NUMBER = "number"
    WORD = "word"
    FLAG = "flag"  # 1 or 0
    DATE = "date"  # days since the lead was created, negative before

    @property
    def is_word(self) -> bool:
        return self is ColumnKind.WORD


class Column(msgspec.Struct, frozen=True):
    """One declared column. `title` is its name in the CRM's export."""

    name: str
    kind: ColumnKind
    title: str


CRM_COLUMN = sa.Table(
    "crm_column",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("kind", sa.String(8), nullable=False),
    sa.Column("title", sa.String, nullable=False),
    sa.Column("profile", sa.JSON, nullable=False),  # of the newest file that brought it
    sa.Column("declared_at", sa.BigInteger, nullable=False),
)

CRM_VALUE = sa.Table(
    "crm_value",
    metadata,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),  # as in `identifier`
    sa.Column("known_at", sa.BigInteger, primary_key=True),
    sa.Column("told", sa.LargeBinary, nullable=False),  # msgpack: what was told then, no more
    sqlite_with_rowid=False,
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Values).decode


def key_of(secret: bytes, crm_id: str) -> Key:
    """The pseudonym under which the identifier itself is stored."""
    return identifier_key(secret, Identifier(IdentifierKind.CRM_ID, crm_id))


def declare(
    connection: sa.Connection, columns: Mapping[str, tuple[Column, dict[str, Any]]], now: int
) -> None:
    """Name → (column, profile). A declared kind that changes is in force from now on."""
    rows = [
        {"name": name, "kind": column.kind.value, "title": column.title}
        | {"profile": profile, "declared_at": now}
        for name, (column, profile) in columns.items()
    ]
    upsert(CRM_COLUMN, connection, rows)


def declared(connection: sa.Connection) -> dict[str, Column]:
    """Every declared column, by name."""
    rows = connection.execute(sa.select(CRM_COLUMN).order_by(CRM_COLUMN.c.name))
    return {row.name: Column(row.name, ColumnKind(row.kind), row.title) for row in rows}


def save_attributes(
    connection: sa.Connection, secret: bytes, enriched: Sequence[EnrichedEvent]
) -> None:
    """Keeps what a batch tells; undeclared names and values of another kind are passed over."""
    told: dict[tuple[Key, int], dict[str, Any]] = {}
    for one in enriched:
        event = one.matched.event
        values = event.properties.get("crm") if event.name in TOLD_BY else None
        if isinstance(values, dict) and (crm_id := crm_id_of(event)):
            told.setdefault((key_of(secret, crm_id), event.known_at), {}).update(values)
    if not told:
        return
    columns = declared(connection)
    held = _held(connection, {key for key, _ in told})
    rows = [
        {"key": key, "known_at": at, "told": _encode({**held.get((key, at), {}), **kept})}
        for (key, at), values in told.items()
        if (kept := _kept(values, columns))
    ]
    upsert(CRM_VALUE, connection, rows)


def _held(connection: sa.Connection, keys: set[Key]) -> dict[tuple[Key, int], Values]:
    found: dict[tuple[Key, int], Values] = {}
    for some in chunks(sorted(keys)):
        for row in connection.execute(sa.select(CRM_VALUE).where(CRM_VALUE.c.key.in_(some))):
            found[row.key, row.known_at] = _decode(row.told)
    return found


def _kept(values: Mapping[str, Any], columns: Mapping[str, Column]) -> Values:
    kept: Values = {}
    for name, value in values.items():
        if name in columns and fits(value, columns[name].kind):
            kept[name] = value[:LONGEST] if isinstance(value, str) else value
    return kept


def fits(value: object, kind: ColumnKind) -> bool:
    if value is None:
        return True
    if kind.is_word:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


def attributes_at(
    connection: sa.Connection, asks: Sequence[tuple[Key, int]]
) -> list[dict[str, Value]]:
    """For each (key, moment): what was known of the CRM's lead by then; empty if nothing was."""
    columns = declared(connection)
    if not columns:
        return [{} for _ in asks]
    histories = _histories(connection, {key for key, _ in asks})
    return [_known(histories.get(key, ()), moment, columns) for key, moment in asks]


def attributes_of(
    connection: sa.Connection,
    lead_ids: Iterable[str],
    moment: int | None = None,
    names: Collection[str] | None = None,
) -> dict[str, Values]:
    """The same by lead: all that is known of whoever owns the ids, now or at a moment, in the
    columns of these names. Leads of which nothing was told are missing.
    """
    columns = declared(connection)
    if names is not None:
        columns = {name: columns[name] for name in names if name in columns}
    wanted = sorted(set(lead_ids))
    if not columns or not wanted:
        return {}
    owners = _owners(connection, wanted, moment)
    histories = _histories(connection, set(owners))
    told: dict[str, list[tuple[int, Values]]] = {}
    for key, history in histories.items():
        told.setdefault(owners[key], []).extend(history)
    by = float("inf") if moment is None else moment
    found = {
        lead_id: _known(sorted(rows, key=_when), by, columns) for lead_id, rows in told.items()
    }
    return {lead_id: values for lead_id, values in found.items() if values}


def _owners(connection: sa.Connection, leads: Sequence[str], moment: int | None) -> dict[Key, str]:
    """CRM ids → the leads that own them."""
    table = IDENTIFIER if moment is None else IDENTIFIER_HISTORY
    found: dict[Key, str] = {}
    for some in chunks(list(leads)):
        query = sa.select(table.c.key, table.c.lead_id).where(table.c.lead_id.in_(some))
        if moment is None:
            query = query.where(IDENTIFIER.c.kind == IdentifierKind.CRM_ID.value)
        else:
            since, until = IDENTIFIER_HISTORY.c.known_from, IDENTIFIER_HISTORY.c.known_to
            query = query.where(since <= moment, until > moment)
        found.update((row.key, row.lead_id) for row in connection.execute(query))
    return found


def _histories(connection: sa.Connection, keys: set[Key]) -> dict[Key, list[tuple[int, Values]]]:
    found: dict[Key, list[tuple[int, Values]]] = {}
    for (key, at), values in sorted(_held(connection, keys).items()):
        found.setdefault(key, []).append((at, values))
    return found


def _when(told: tuple[int, Values]) -> int:
    return told[0]


def _known(
    history: Sequence[tuple[int, Values]], moment: float, columns: Mapping[str, Column]
) -> Values:
    """The newest word on each column; one of another kind than is declared now is left out."""
    values: Values = {}
    for at, told in history:
        if at <= moment:
            values.update(told)
    return {
        name: value
        for name, value in values.items()
        if value is not None and name in columns and fits(value, columns[name].kind)
    }
