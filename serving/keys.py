"""API keys: a write key sends events and nothing else, a secret key reads and scores as well.

What changes rules takes a scope besides: who drafts and who publishes may be different people.

The record holds their SHA-256 only: a key is 24 random bytes, so its hash gives nothing away.
"""

from __future__ import annotations

import enum
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, SystemClock
from core.crypto import sha256_hex
from core.database import metadata, reading, writing
from core.errors import DefinitionError, WorkError

STALE_S = 0.9
"""A key revoked elsewhere is refused within a second."""
NEW_S = 0.1
"""A key that is not known may be new: looked up again, but not at every guess."""
AWAY_S = 3.0
"""Between two looks at a record that did not answer: each may hold up whoever asks."""

API_KEY = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("scopes", sa.JSON(none_as_null=True)),  # none: what the kind may do, and no more
)
_COLUMNS = [column for column in API_KEY.c if column.name != "digest"]


class KeyKind(enum.StrEnum):
    WRITE = "write"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret


class Scope(enum.StrEnum):
    """What a secret key may do beyond reading and scoring."""

    RULES_DRAFT = "rules:draft"
    RULES_PUBLISH = "rules:publish"


class ApiKey(msgspec.Struct, frozen=True):
    """What we know of a key. Times in microseconds, UTC."""

    id: str
    kind: KeyKind
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    scopes: tuple[Scope, ...] = ()

    def valid(self, at: int) -> bool:
        expired = self.expires_at is not None and self.expires_at <= at
        return self.revoked_at is None and not expired


class NewKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key just made: the only time that `key` itself is seen."""

    id: str
    kind: KeyKind
    key: str
    scopes: tuple[Scope, ...] = ()


def create(engine: sa.Engine, kind: KeyKind, at: int, scopes: Iterable[Scope] = ()) -> NewKey:
    """DefinitionError for a write key with scopes: it stands in web pages."""
    wanted = tuple(sorted(set(scopes)))
    if wanted and kind is not KeyKind.SECRET:
        raise DefinitionError(
            f"a {kind} key sends events and nothing else: it cannot have {', '.join(wanted)}",
            do="make a secret key with --kind secret",
        )
    with writing(engine) as connection:
        return _create(connection, kind, at, wanted)


def _create(connection: sa.Connection, kind: KeyKind, at: int, scopes: tuple[Scope, ...]) -> NewKey:
    made = NewKey(secrets.token_hex(6), kind, f"{kind}_{secrets.token_urlsafe(24)}", scopes)
    row = {"id": made.id, "kind": kind, "digest": sha256_hex(made.key), "created_at": at}
    connection.execute(sa.insert(API_KEY), [{**row, "scopes": list(scopes) or None}])
    return made


def list_keys(engine: sa.Engine) -> list[ApiKey]:
    """All keys ever made, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(*_COLUMNS).order_by(API_KEY.c.created_at, API_KEY.c.id))
        return [_read(row) for row in rows]


def revoke(engine: sa.Engine, key_id: str, at: int) -> None:
    """From now on the key is refused. Again is a no-op; WorkError for an unknown id."""
    with writing(engine) as connection:
        _found(connection, key_id)
        _set(connection, key_id, "revoked_at", at)


def rotate(engine: sa.Engine, key_id: str, at: int, grace: int) -> NewKey:
    """A new key of the same kind and scopes; the old one ends after `grace` microseconds.

    WorkError if the old one is unknown or refused already.
    """
    with writing(engine) as connection:
        old = _found(connection, key_id)
        if not old.valid(at):
            raise WorkError(
                f"key {key_id} is revoked or expired", do="make a new one: leadline keys create"
            )
        _set(connection, key_id, "expires_at", at + grace)
        return _create(connection, old.kind, at, old.scopes)


def _found(connection: sa.Connection, key_id: str) -> ApiKey:
    row = connection.execute(sa.select(*_COLUMNS).where(API_KEY.c.id == key_id)).first()
    if row is None:
        raise WorkError(f"no key has the id {key_id}", do="leadline keys list shows them")
    return _read(row)


def _set(connection: sa.Connection, key_id: str, column: str, at: int) -> None:
    """Never later than it already is."""
    held = API_KEY.c[column]
    earlier = sa.or_(held.is_(None), held > at)
    connection.execute(
        sa.update(API_KEY).where(API_KEY.c.id == key_id, earlier).values({column: at})
    )


def _read(row: Any) -> ApiKey:
    """Scopes that a newer program gave are none that this one could grant."""
    known = tuple(Scope(one) for one in row.scopes or () if one in tuple(Scope))
    moments = (row.created_at, row.expires_at, row.revoked_at)
    return ApiKey(row.id, KeyKind(row.kind), *moments, known)


class KeyRing:
    """All keys in memory, read again when they may have changed: guesses cost no query each."""

    def __init__(
        self,
        engine: sa.Engine,
        clock: Clock | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._clock = clock or SystemClock()
        self._monotonic = monotonic
        self._held: dict[str, ApiKey] = {}
        self._read_at = float("-inf")
        self._away_until = float("-inf")
        self._reading = threading.Lock()

    def find(self, key: str) -> ApiKey | None:
        """The key if it is valid now; None if it is unknown, revoked or expired."""
        digest = sha256_hex(key)
        self._refresh(STALE_S)
        if digest not in self._held:
            self._refresh(NEW_S)
        found = self._held.get(digest)
        return found if found is not None and found.valid(self._clock.now()) else None

    def _refresh(self, older_than_s: float) -> None:
        now = self._monotonic()
        if now - self._read_at < older_than_s or now < self._away_until:
            return
        with self._reading:
            started = self._monotonic()
            try:
                with reading(self._engine) as connection:
                    rows = connection.execute(sa.select(*_COLUMNS, API_KEY.c.digest)).all()
            except SQLAlchemyError:
                if not self._held:
                    raise
                self._away_until = self._monotonic() + AWAY_S
                return  # the record is away: events are accepted with the keys we know
            self._held = {row.digest: _read(row) for row in rows}
            self._read_at = started
