"""The names that the record, the lake, Redis and Feast share."""

PROJECT = "leadline"
VALUE = "tiles"
"""The one column of each view: an entity's tiles as bytes."""

VIEWS = {"lead": "lead_tiles", "account": "account_tiles"}
KEYS = {"lead": "lead_id", "account": "account_id"}
KNOWN_AT = "known_at"
CREATED = "created"
SERVICE = "lead_propensity"
