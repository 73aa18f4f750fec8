"""The tables of this room. Times in microseconds, UTC; days since 1970-01-01."""

from __future__ import annotations

import sqlalchemy as sa

from core.database import metadata

RULE_SHADOW = sa.Table(
    "rule_shadow",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("files", sa.JSON, nullable=False),  # file name → text
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("author", sa.String, nullable=False),
    sa.Column("share", sa.Integer, nullable=False),  # of the leads, in percent
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("stopped_at", sa.BigInteger),
    sa.Column("reason", sa.String),  # why it stopped by itself; none: somebody stopped it
)

RULE_SHADOW_COUNT = sa.Table(
    "rule_shadow_count",
    metadata,
    sa.Column("shadow", sa.Integer, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("live_band", sa.String, primary_key=True),
    sa.Column("shadow_band", sa.String, primary_key=True),
    sa.Column("looks", sa.BigInteger, nullable=False),
)

RULE_SHADOW_SIGNAL = sa.Table(
    "rule_shadow_signal",
    metadata,
    sa.Column("shadow", sa.Integer, primary_key=True),
    sa.Column("day", sa.Integer, primary_key=True),
    sa.Column("type", sa.String, primary_key=True),
    sa.Column("live", sa.BigInteger, nullable=False),
    sa.Column("draft", sa.BigInteger, nullable=False),
)

RULE_SHADOW_LEAD = sa.Table(
    "rule_shadow_lead",
    metadata,
    # Only leads whose band, or what was ever told of them, differs under the draft.
    sa.Column("lead_id", sa.String, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("state", sa.JSON, nullable=False),  # a BandState as it would be under the draft
    sa.Column("live_band", sa.String, nullable=False),
    sa.Column("draft_band", sa.String, nullable=False),
    sa.Column("live_priority", sa.Float, nullable=False),
    sa.Column(
        "because", sa.JSON, nullable=False
    ),  # [rule, points] or [part of priority.yaml, null]
)
