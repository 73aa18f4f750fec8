"""How leads, accounts and their identifiers are stored. Histories are intervals of `known_at`."""

from __future__ import annotations

import sqlalchemy as sa

from core.database import metadata

FOREVER = 2**62
"""The end of an interval that is still open."""

LEAD = sa.Table(
    "lead",
    metadata,
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("account_id", sa.String(24), index=True),
    sa.Column("account_by", sa.String(8)),  # group or domain: a group call is the stronger word
    sa.Column("merged_into", sa.String(24)),
    sa.Column("founded_offset", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),  # of its newest event
    sa.Column("data_key", sa.LargeBinary(32), nullable=False),  # encrypts its archived events
)

IDENTIFIER = sa.Table(
    "identifier",
    metadata,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),  # keyed hash of kind and value
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("lead_id", sa.String(24), nullable=False, index=True),
    sqlite_with_rowid=False,
)

IDENTIFIER_HISTORY = sa.Table(
    "identifier_history",
    metadata,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),
    sa.Column("known_from", sa.BigInteger, primary_key=True),
    sa.Column("known_to", sa.BigInteger, nullable=False),
    sa.Column("lead_id", sa.String(24), nullable=False),
    sqlite_with_rowid=False,
)

IDENTIFIER_CONFLICT = sa.Table(
    "identifier_conflict",
    metadata,
    sa.Column("key", sa.LargeBinary(16), primary_key=True),  # somebody else's, or too many
    sa.Column("lead_id", sa.String(24), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

LEAD_MERGE = sa.Table(
    "lead_merge",
    metadata,
    sa.Column("absorbed", sa.String(24), primary_key=True),
    sa.Column("survivor", sa.String(24), nullable=False, index=True),
    sa.Column("because", sa.String(16), nullable=False),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
)

ACCOUNT = sa.Table(
    "account",
    metadata,
    sa.Column("account_id", sa.String(24), primary_key=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

ACCOUNT_IDENTIFIER = sa.Table(
    "account_identifier",
    metadata,
    sa.Column("name", sa.String(300), primary_key=True),  # group:… or domain:…
    sa.Column("account_id", sa.String(24), nullable=False, index=True),
)

MEMBERSHIP_HISTORY = sa.Table(
    "membership_history",
    metadata,
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("known_from", sa.BigInteger, primary_key=True),
    sa.Column("known_to", sa.BigInteger, nullable=False),
    sa.Column("account_id", sa.String(24), nullable=False, index=True),
)

PROFILE = sa.Table(
    "profile",
    metadata,
    sa.Column("lead_id", sa.String(24), primary_key=True),
    sa.Column("person", sa.JSON, nullable=False),
)

COMPANY = sa.Table(
    "company",
    metadata,
    sa.Column("account_id", sa.String(24), primary_key=True),
    sa.Column("facts", sa.JSON, nullable=False),
)
