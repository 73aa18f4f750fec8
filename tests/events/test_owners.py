"""Whom the CRM names as a lead's owner, also of people who were two leads once."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core.database import open_record, reading, upsert, writing
from events.identity.tables import LEAD, LEAD_MERGE
from events.outcomes import CRM_LEAD, owners


@pytest.fixture
def record(tmp_path: Path) -> sa.Engine:
    """`last` absorbed `middle`, which had absorbed `first`; `other` stands alone."""
    engine = open_record(tmp_path / "record.db")
    leads = [
        {"lead_id": name, "founded_offset": at, "created_at": at, "known_at": at, "data_key": b"k"}
        for at, name in enumerate(("first", "middle", "last", "other"))
    ]
    merges = [
        {"absorbed": absorbed, "survivor": survivor, "because": "email", "known_at": 9, "offset": 9}
        for absorbed, survivor in (("first", "middle"), ("middle", "last"))
    ]
    with writing(engine) as connection:
        upsert(LEAD, connection, leads)
        upsert(LEAD_MERGE, connection, merges)
    return engine


def named(engine: sa.Engine, crm_id: str, lead_id: str, owner: str | None, at: int) -> None:
    row = {"crm_id": crm_id, "lead_id": lead_id, "owner": owner, "created_at": at, "known_at": at}
    with writing(engine) as connection:
        upsert(CRM_LEAD, connection, [row])


def told(engine: sa.Engine, *lead_ids: str) -> dict[str, str]:
    with reading(engine) as connection:
        return owners(connection, list(lead_ids))


def test_a_lead_keeps_the_owner_of_those_it_absorbed(record: sa.Engine) -> None:
    """Else a known customer of one representative would be routed as a stranger after a merge."""
    named(record, "crm-1", "first", "rep-7", at=1)
    assert told(record, "last", "other") == {"last": "rep-7"}


def test_the_newest_word_stands(record: sa.Engine) -> None:
    """Two CRM leads of one person may have two owners: the later one has them now."""
    named(record, "crm-1", "first", "rep-7", at=1)
    named(record, "crm-2", "last", "rep-8", at=2)
    named(record, "crm-3", "middle", None, at=3)
    assert told(record, "last") == {"last": "rep-8"}


def test_nobody_inherits_downwards(record: sa.Engine) -> None:
    """An absorbed lead is asked for by its own name in audits: it had no such owner."""
    named(record, "crm-2", "last", "rep-8", at=2)
    assert told(record, "first") == {}
