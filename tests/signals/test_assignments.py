"""Round robins in the record: who has which lead, and whose turn is next."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from signal_fakes import NOW, signal_of

from core.clock import DAY
from core.database import open_record, reading, writing
from rules.pool import Member, Pool
from signals import assignments
from signals.tables import ASSIGNMENT

POOL = Pool((Member("a", 1, 2), Member("b", 1, 2)), 7 * 86_400, "desk")


@pytest.fixture
def engine(tmp_path) -> sa.Engine:
    return open_record(tmp_path / "record.db")


def signal(lead: str, number: int, **more: Any):
    """A signal of a lead, routed by `inside_sales`, `number` microseconds after NOW."""
    told = {"account": None, "rule": "inside_sales", "pool": POOL, "type": "lead.hot"} | more
    one = signal_of(number)
    route = {**one.data["route"], "rule": told["rule"], "owner": "desk"}
    data = {**one.data, "lead_id": lead, "account_id": told["account"], "route": route}
    return msgspec.structs.replace(
        one, type=told["type"], data=data, pool=told["pool"], time=told.get("at", one.time)
    )


def give(engine, *signals, merged=None, save=True) -> list[str]:
    """The owners of one batch's signals."""
    with reading(engine) as record:
        told, changed = assignments.assign(record, signals, merged or {})
    if save:
        with writing(engine) as record:
            if merged:
                assignments.absorb(record, merged)
            assignments.save(record, changed)
    return [one.data["route"]["owner"] for one in told]


def test_leads_take_turns_over_batches_and_inside_one(engine):
    """A batch of five is shared just as five batches of one are."""
    assert give(engine, signal("l1", 1), signal("l2", 2)) == ["a", "b"]
    assert give(engine, signal("l3", 3)) == ["a"]
    assert give(engine, signal("l4", 4)) == ["b"]


def test_a_lead_stays_with_whom_it_was_given_to(engine):
    """Also when that person is full: nobody is handed around."""
    give(engine, signal("l1", 1), signal("l2", 2), signal("l3", 3), signal("l4", 4))
    assert give(engine, signal("l2", 5)) == ["b"]
    assert give(engine, signal("l5", 6)) == ["desk"]


def test_colleagues_go_to_one_person(engine):
    """A company that is called by two of ours wonders."""
    give(engine, signal("l1", 1, account="acme"))
    assert give(engine, signal("l2", 2, account="acme"), signal("l3", 3)) == ["a", "b"]


def test_a_batch_that_is_worked_out_again_takes_no_second_turn(engine):
    """The process died before its commit, or was asked twice: the same owners come out."""
    batch = [signal("l1", 1), signal("l2", 2), signal("l3", 3)]
    first = give(engine, *batch, save=False)
    assert give(engine, *batch) == first
    assert give(engine, *batch) == first
    assert give(engine, signal("l4", 4)) == ["b"]


def test_a_lead_that_is_done_with_makes_room(engine):
    """Capacity counts the leads that somebody still works on."""
    give(engine, *(signal(f"l{at}", at) for at in range(4)))
    assert give(engine, signal("l9", 9)) == ["desk"]
    give(engine, signal("l1", 10, type="lead.cooled", rule="for_the_record", pool=None))
    assert give(engine, signal("l9", 11)) == ["b"]


def test_a_lead_that_comes_back_goes_to_the_same_person_and_counts_again(engine):
    """It is work once more, and the person knows it already."""
    give(engine, *(signal(f"l{at}", at) for at in range(4)))
    give(engine, signal("l0", 10, type="lead.cooled", rule="for_the_record", pool=None))
    assert give(engine, signal("l0", 11)) == ["a"]
    assert give(engine, signal("l9", 12)) == ["desk"]


def test_a_lead_that_comes_back_counts_once(engine):
    """Its row is moved, not doubled: the batch counts as the record will."""
    give(engine, signal("l0", 1))
    give(engine, signal("l0", 2, type="lead.cooled", rule="for_the_record", pool=None))
    back = [signal("l0", 3), signal("l1", 4), signal("l2", 5)]
    assert give(engine, *back) == ["a", "b", "a"]


def test_the_same_signal_does_not_open_a_lead_again(engine):
    """Told twice, it is one piece of work, which is done."""
    give(engine, signal("l1", 1))
    give(engine, signal("l1", 2, type="lead.cooled", rule="for_the_record", pool=None))
    assert give(engine, signal("l1", 1)) == ["a"]
    with reading(engine) as record:
        assert [row.open for row in record.execute(sa.select(ASSIGNMENT))] == [False]


def test_a_lead_of_long_ago_makes_no_room_in_this_stretch(engine):
    """It was not counted, so closing it frees nothing."""
    give(engine, signal("old", 1))
    late = {"at": NOW + 20 * DAY}
    cooled = signal("old", 2, type="lead.cooled", rule="for_the_record", pool=None, **late)
    batch = [cooled, *(signal(f"l{at}", 10 + at, **late) for at in range(5))]
    assert give(engine, *batch)[1:] == ["a", "b", "a", "b", "desk"]


def test_the_stretch_moves_on(engine):
    """Who had many leads last month is not passed over this month."""
    give(engine, *(signal(f"l{at}", at) for at in range(4)))
    assert give(engine, signal("l9", 9, at=NOW + 8 * DAY)) == ["a"]


def test_a_person_who_left_the_round_robin_gets_nothing(engine):
    """Their leads go to the others at the next signal."""
    give(engine, signal("l1", 1))
    left = Pool((Member("b", 1, None),), 7 * 86_400, "desk")
    assert give(engine, signal("l1", 2, pool=left)) == ["b"]
    with reading(engine) as record:
        assert [row.owner for row in record.execute(sa.select(ASSIGNMENT))] == ["b"]


def test_two_leads_that_turn_out_to_be_one_keep_one_owner(engine):
    """The survivor's own, or else the one of the lead that it absorbed."""
    give(engine, signal("l1", 1), signal("l2", 2))
    assert give(engine, signal("l9", 3), merged={"l2": "l9"}) == ["b"]
    assert give(engine, signal("l1", 4), merged={"l9": "l1"}) == ["a"]
    with reading(engine) as record:
        rows = [(row.lead_id, row.owner) for row in record.execute(sa.select(ASSIGNMENT))]
    assert rows == [("l1", "a")]


def test_a_signal_without_a_round_robin_is_left_as_it_is(engine):
    """Most routes name their owner."""
    assert give(engine, signal("l1", 1, pool=None)) == ["desk"]
    with reading(engine) as record:
        assert record.execute(sa.select(ASSIGNMENT)).first() is None


def test_routes_do_not_count_each_others_leads(engine):
    """Two teams may share a person."""
    give(engine, signal("l1", 1))
    assert give(engine, signal("l2", 2, rule="other")) == ["a"]
