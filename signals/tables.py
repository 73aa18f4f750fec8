"""The tables of this room: what was told, what is on its way. Times in microseconds, UTC."""

from __future__ import annotations

import sqlalchemy as sa

from core.database import metadata

BAND_STATE = sa.Table(
    "band_state",
    metadata,
    sa.Column("lead_id", sa.String, primary_key=True),
    sa.Column("band", sa.String),
    sa.Column("priority", sa.Float, nullable=False),
    sa.Column("since", sa.BigInteger, nullable=False),
    sa.Column("rescore_at", sa.BigInteger, index=True),
    sa.Column("told", sa.String),
    sa.Column("sent", sa.JSON, nullable=False),  # signal type → when last sent
)

ACCOUNT_STATE = sa.Table(
    "account_state",
    metadata,
    sa.Column("account_id", sa.String, primary_key=True),
    sa.Column("told", sa.Boolean, nullable=False),
    sa.Column("sent", sa.JSON, nullable=False),
)

SIGNAL = sa.Table(
    "signal",
    metadata,
    # Orders signals and is the cursor of readers; Integer, because SQLite numbers no BIGINT.
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("lead_id", sa.String, nullable=False, index=True),
    sa.Column("account_id", sa.String),
    sa.Column("owner", sa.String),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # the CloudEvent, byte for byte as sent
)

OUTBOX = sa.Table(
    "outbox",
    metadata,
    sa.Column("signal_id", sa.String, primary_key=True),
    sa.Column("destination", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),  # waiting, delivered or undeliverable
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),  # HTTP status of the last attempt
    sa.Column("error", sa.String, nullable=False),
    sa.Column("done_at", sa.BigInteger),
    sa.Index("outbox_due", "state", "next_at"),
)

ASSIGNMENT = sa.Table(
    "assignment",
    metadata,
    sa.Column("rule", sa.String, primary_key=True),  # the route that has the round robin
    sa.Column("lead_id", sa.String, primary_key=True),
    sa.Column("account_id", sa.String, index=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("signal_id", sa.String, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index("assignment_lead", "lead_id"),
    sa.Index("assignment_counted", "rule", "at"),
)

DISABLED = sa.Table(
    "destination_disabled",
    metadata,
    sa.Column("destination", sa.String, primary_key=True),
    # Of address and secret: whoever changes either switches the destination on again.
    sa.Column("fingerprint", sa.String, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)
