"""A vector says which of its counts are lower bounds."""

from __future__ import annotations

from features.measures import ACTIVE_PEOPLE, SESSIONS
from features.tiles import Tiles, encode
from features.vector import vector


def test_caps_are_told_of_lead_and_account() -> None:
    """An account's people and a lead's visits are kept apart up to a number each."""
    lead = encode(Tiles(capped=1 << SESSIONS.number))
    account = encode(Tiles(capped=1 << ACTIVE_PEOPLE.number))
    assert vector("lead-1", "account-1", lead, account, 0).capped == (
        "sessions",
        "account_active_people",
    )


def test_a_cap_of_what_no_feature_counts_is_not_told() -> None:
    """An account keeps visits too, but no feature counts them: nothing in `values` is bounded."""
    account = encode(Tiles(capped=1 << SESSIONS.number))
    assert vector("lead-1", "account-1", None, account, 0).capped == ()
    assert vector("lead-1", None, None, None, 0).capped == ()
