"""Columns of a CRM's own: kept with their moment, whoever the lead turns out to be."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from core.clock import DAY, to_iso
from core.database import reading, writing
from core.installation import Installation
from events.attributes import (
    Column,
    ColumnKind,
    attributes_at,
    attributes_of,
    declare,
    key_of,
)
from events.outcomes import OUTCOME
from events.types import Door, Identifier, IdentifierKind
from tests.pipeline_bench import START, Bench

COLUMNS = {
    "crm_plan": (Column("crm_plan", ColumnKind.WORD, "Plan"), {}),
    "crm_seats": (Column("crm_seats", ColumnKind.NUMBER, "Seats"), {}),
}


@pytest.fixture
def bench(installation: Installation, redis_client: redis.Redis) -> Bench:
    made = Bench(installation, redis_client)
    with writing(made.engine) as record:
        declare(record, COLUMNS, START)
    return made


def told(crm_id: str, name: str = "Lead Created", at: int = START, **crm: Any) -> dict[str, Any]:
    external = [{"type": "crm_lead_id", "id": crm_id}]
    return {
        "type": "track",
        "event": name,
        "timestamp": to_iso(at),
        "context": {"externalIds": external},
        "properties": {"crm": crm},
    }


def at(bench: Bench, crm_id: str, moment: int) -> dict[str, Any]:
    with reading(bench.engine) as record:
        return attributes_at(record, [(key_of(bench.installation.secret(), crm_id), moment)])[0]


def now(bench: Bench, crm_id: str, moment: int | None = None) -> dict[str, Any]:
    [pair] = bench.index.find_in_record([Identifier(IdentifierKind.CRM_ID, crm_id)])
    assert pair is not None
    with reading(bench.engine) as record:
        return attributes_of(record, [pair[0]], moment).get(pair[0], {})


def test_a_value_is_known_from_its_moment_on(bench: Bench) -> None:
    """What the CRM changed yesterday must not explain what happened last month."""
    created, later = START - 40 * DAY, START - DAY
    bench.feed(told("c1", at=created, crm_plan="trial", crm_seats=5), door=Door.IMPORT)
    bench.feed(told("c1", "Lead Updated", later, crm_plan="paid"), door=Door.IMPORT)
    assert at(bench, "c1", created - 1) == {}
    assert at(bench, "c1", later - 1) == {"crm_plan": "trial", "crm_seats": 5}
    assert at(bench, "c1", later) == {"crm_plan": "paid", "crm_seats": 5}
    assert now(bench, "c1") == {"crm_plan": "paid", "crm_seats": 5}
    assert now(bench, "c1", later - 1) == {"crm_plan": "trial", "crm_seats": 5}


def test_two_files_of_one_moment_complete_each_other(bench: Bench) -> None:
    """Deals in one export, contacts in another: both speak of the lead as it was created."""
    bench.feed(told("c1", crm_plan="trial"), told("c1", crm_seats=7), door=Door.IMPORT)
    bench.feed(told("c1", crm_seats=8), door=Door.IMPORT)
    assert now(bench, "c1") == {"crm_plan": "trial", "crm_seats": 8}


def test_a_value_taken_back_is_missing(bench: Bench) -> None:
    """An emptied cell is a correction too."""
    bench.feed(told("c1", crm_plan="trial"), door=Door.IMPORT)
    bench.feed(told("c1", "Lead Updated", START, crm_plan=None), door=Door.IMPORT)
    assert now(bench, "c1") == {}


def test_what_nobody_declared_or_what_is_of_another_kind_is_passed_over(bench: Bench) -> None:
    """A model trained on numbers must never meet a word in their place."""
    bench.feed(told("c1", crm_secret="x", crm_seats="many", crm_plan=3))
    assert now(bench, "c1") == {}
    bench.feed(told("c2", crm_seats=2))
    assert now(bench, "c2") == {"crm_seats": 2}
    words = {"crm_seats": (Column("crm_seats", ColumnKind.WORD, "Seats"), {})}
    with writing(bench.engine) as record:
        declare(record, words, START)
    assert now(bench, "c2") == {}


def test_values_follow_the_crm_id_through_a_merge(bench: Bench) -> None:
    """A visitor who turns out to be the CRM's lead has the CRM's values, with nothing re-keyed."""
    bench.feed(told("c1", crm_seats=3), {"type": "page", "userId": "u"})
    both = told("c1", "Lead Updated", crm_plan="paid")
    bench.feed({**both, "userId": "u"})
    [pair] = bench.index.find_in_record([Identifier(IdentifierKind.USER_ID, "u")])
    assert pair is not None
    with reading(bench.engine) as record:
        assert attributes_of(record, [pair[0]]) == {pair[0]: {"crm_seats": 3, "crm_plan": "paid"}}


def test_a_deal_that_is_open_again_has_no_outcome(bench: Bench) -> None:
    """Closed by mistake: an open deal is censored, and must not teach a loss."""
    closed = {**told("c1", "Opportunity Closed")}
    closed["properties"] = {"opportunity_id": "d1", "outcome": "lost"}
    reopened = {**told("c1", "Opportunity Reopened"), "properties": {"opportunity_id": "d1"}}

    def outcomes() -> int:
        with reading(bench.engine) as record:
            return len(record.execute(OUTCOME.select()).all())

    bench.feed(closed)
    assert outcomes() == 1
    bench.feed(reopened)
    assert outcomes() == 0
    bench.feed(reopened, closed)
    assert outcomes() == 1
