"""Lead ids that were handed out go on to mean, at each moment, whom they meant then."""

from __future__ import annotations

import random

import pytest
import redis
import sqlalchemy as sa

from core.clock import DAY, from_datetime, from_iso
from core.database import reading
from core.installation import Installation
from events.identity.history import leads_at, owners_at
from events.identity.tables import LEAD
from events.types import Identifier, IdentifierKind
from tests.parity.streams import PEOPLE, START
from tests.pipeline.test_retell import history, imported
from tests.pipeline_bench import Bench

NOW = from_iso("2026-12-01")


@pytest.fixture(params=["in order", "shuffled, and told anew"])
def bench(
    installation: Installation, redis_client: redis.Redis, request: pytest.FixtureRequest
) -> Bench:
    messages = history(11)
    if request.param != "in order":
        random.Random(1).shuffle(messages)
    return imported(installation, redis_client, messages)


def test_a_lead_is_itself_until_it_is_absorbed_and_then_whoever_has_its_identifiers(
    bench: Bench,
) -> None:
    """The law that ties ids to identifiers, over merges of merged leads: identifiers move by merges
    alone.
    """
    begin, dice = from_datetime(START) - 20 * DAY, random.Random(3)
    everybody = [Identifier(IdentifierKind.USER_ID, f"user-{who}") for who in range(PEOPLE)]
    everybody += [
        Identifier(IdentifierKind.ANONYMOUS_ID, f"anon-{who}-{number}")
        for who in range(PEOPLE)
        for number in range(3)
    ]
    moments = sorted(begin + dice.randrange(130 * DAY) for _ in range(12))
    secret = bench.installation.secret()
    moved = 0
    with reading(bench.engine) as record:
        owned = [
            [owner and owner[0] for owner in owners_at(record, secret, asks)]
            for asks in ([(one, moment) for one in everybody] for moment in moments)
        ]
        for at, leads in enumerate(owned):
            known = [number for number, lead_id in enumerate(leads) if lead_id]
            for later, moment in list(enumerate(moments))[at:]:
                stood = leads_at(record, [(leads[number] or "", moment) for number in known])
                assert stood == [owned[later][number] for number in known]
                moved += sum(leads[number] != owned[later][number] for number in known)
    assert moved > 10


def test_every_id_ever_handed_out_leads_to_who_stands_for_it_today(bench: Bench) -> None:
    """Also those that were taken back when history was told anew; nobody is anybody before it
    was known, nor is an unknown id.
    """
    with reading(bench.engine) as record:
        ids = list(record.execute(sa.select(LEAD.c.lead_id)).scalars())
        today = [found and found[0] for found in bench.index.find_leads(ids)]
        assert sum(one != other for one, other in zip(ids, today, strict=True)) > 3
        assert leads_at(record, [(lead_id, bench.clock.now()) for lead_id in ids]) == today
        early = from_datetime(START) - 400 * DAY
        assert leads_at(record, [(lead_id, early) for lead_id in ids]) == [None] * len(ids)
        assert leads_at(record, [("nobody", NOW)]) == [None]
