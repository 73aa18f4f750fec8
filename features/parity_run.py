"""What the continuous comparison found: one row a run, for whoever watches the figures."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.database import metadata

RUN = sa.Table(
    "parity_run",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("up_to", sa.BigInteger, nullable=False),
    sa.Column("compared", sa.BigInteger, nullable=False),
    sa.Column("mismatches", sa.BigInteger, nullable=False),
    sa.Column("compared_total", sa.BigInteger, nullable=False),
    sa.Column("mismatches_total", sa.BigInteger, nullable=False),
)
KEPT = 1_000


class Run(msgspec.Struct, frozen=True):
    """`at` in microseconds, UTC; `up_to` is the newest served vector that any run has looked at."""

    number: int = 0
    at: int = 0
    up_to: int = 0
    compared: int = 0
    mismatches: int = 0
    compared_total: int = 0
    mismatches_total: int = 0


def last_run(connection: sa.Connection) -> Run:
    """The newest run; number 0 when there was none."""
    columns = [RUN.c[name] for name in Run.__struct_fields__]
    newest = sa.select(*columns).order_by(RUN.c.number.desc()).limit(1)
    row = connection.execute(newest).first()
    return Run(*row) if row else Run()


def save_run(connection: sa.Connection, at: int, up_to: int, compared: int, mismatches: int) -> Run:
    """The next run, its totals added to those before; only the newest `KEPT` stay."""
    before = last_run(connection)
    run = Run(
        number=before.number + 1,
        at=at,
        up_to=max(up_to, before.up_to),
        compared=compared,
        mismatches=mismatches,
        compared_total=before.compared_total + compared,
        mismatches_total=before.mismatches_total + mismatches,
    )
    connection.execute(RUN.insert().values(**msgspec.structs.asdict(run)))
    connection.execute(RUN.delete().where(RUN.c.number <= run.number - KEPT))
    return run
