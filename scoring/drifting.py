"""What was told of a champion's drift: one row a model, so that each crossing is told once."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.database import metadata, upsert

DRIFT = sa.Table(
    "model_drift",
    metadata,
    sa.Column("model", sa.String, primary_key=True),  # <name>-<version>
    sa.Column("looked_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("told", sa.JSON, nullable=False),  # what receivers were told has moved
    sa.Column("crossings", sa.Integer, nullable=False),  # signals so far
    sa.Column("told_at", sa.BigInteger),  # when the newest one was sent
    sa.Column("worst", sa.Float, nullable=False),  # largest PSI at the last look, beyond chance
    sa.Column("suffers", sa.Boolean, nullable=False),  # the ends of leads say so too
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Times in microseconds, UTC."""

    model: str
    looked_at: int = 0
    told: tuple[str, ...] = ()
    crossings: int = 0
    told_at: int | None = None
    worst: float = 0.0
    suffers: bool = False


def read(connection: sa.Connection, model: str) -> Told:
    """As if nobody had ever looked, where nobody has."""
    row = connection.execute(sa.select(DRIFT).where(DRIFT.c.model == model)).first()
    if row is None:
        return Told(model=model)
    return msgspec.convert(dict(zip(Told.__struct_fields__, row, strict=True)), Told)


def write(connection: sa.Connection, told: Told) -> None:
    upsert(DRIFT, connection, [{**msgspec.structs.asdict(told), "told": list(told.told)}])
