"""The queue in the record: nothing lost, nothing queued twice. And the states beside it."""

from __future__ import annotations

import msgspec
import pytest
import sqlalchemy as sa
from signal_fakes import NOW, signal_of

from core.database import open_record, reading, writing
from core.errors import BadRequest
from signals import bands, outbox, read
from signals.tables import OUTBOX
from signals.types import AccountState, BandState


@pytest.fixture
def engine(tmp_path):
    return open_record(tmp_path / "record.db")


def put(engine, *signals):
    with writing(engine) as connection:
        outbox.put(connection, signals, NOW)


def due(engine, now=NOW, busy=()):
    with reading(engine) as connection:
        return outbox.due(connection, now, 100, busy)


def test_putting_a_signal_again_is_a_no_op(engine):
    """A replayed batch decides the same signals: they must not be sent anew."""
    put(engine, signal_of(1), signal_of(1))
    [row] = due(engine)
    delivered = outbox.Settled(
        signal_id=row.signal_id, destination=row.destination, state=outbox.DELIVERED,
        attempts=1, next_at=NOW, status=200, error="",
    )  # fmt: skip
    with writing(engine) as connection:
        outbox.settle(connection, [delivered], NOW)
    put(engine, signal_of(1), signal_of(2))
    assert [row.signal_id for row in due(engine)] == ["signal-2"]


def test_a_transaction_that_fails_leaves_no_signal(engine):
    """A signal exists if, and only if, the state that it tells of does."""

    def decide_and_die():
        with writing(engine) as connection:
            outbox.put(connection, [signal_of()], NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decide_and_die()
    assert due(engine) == []


def test_each_destination_waits_for_itself(engine):
    """What is due comes in order of time; a busy destination's rows stay where they are."""
    put(engine, signal_of(1, ("console", "webhook:crm", "console")))
    assert sorted(row.destination for row in due(engine)) == ["console", "webhook:crm"]
    assert [row.destination for row in due(engine, busy={"console"})] == ["webhook:crm"]
    assert due(engine, now=NOW - 1) == []


def test_what_waits_for_a_destination_is_counted(engine):
    """Delivered or given up, it waits no more; due later, it does."""
    put(engine, *(signal_of(number, ("slack",)) for number in (1, 2, 3)), signal_of(4, ("other",)))
    for at, state in enumerate((outbox.DELIVERED, outbox.WAITING)):
        settled = outbox.Settled(
            signal_id=f"signal-{at + 1}", destination="slack", state=state,
            attempts=1, next_at=NOW + 10, status=None, error="",
        )  # fmt: skip
        with writing(engine) as connection:
            outbox.settle(connection, [settled], NOW)
    with reading(engine) as connection:
        assert outbox.waiting(connection, "slack") == 2


def test_a_route_without_destinations_is_kept_for_readers(engine):
    """Somebody may only poll the API."""
    put(engine, signal_of(1, ()))
    with reading(engine) as connection:
        assert len(read.page(connection)["signals"]) == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(OUTBOX)).scalar() == 0


def test_pages_are_newest_first_and_leave_nothing_out(engine):
    """A reader who follows `next` sees each signal once."""
    put(engine, *(signal_of(number) for number in range(1, 8)))
    found, cursor = [], None
    with reading(engine) as connection:
        while True:
            page = read.page(connection, limit=3, cursor=cursor)
            found += [event["id"] for event in page["signals"]]
            cursor = page["next"]
            if cursor is None:
                break
    assert found == [f"signal-{number}" for number in range(7, 0, -1)]


def test_pages_are_filtered_by_time_owner_and_type(engine):
    """A seller asks for their own, since their last look."""
    put(engine, *(signal_of(number) for number in range(1, 8)))
    with reading(engine) as connection:
        mine = read.page(connection, since=NOW + 4, owner="rep-1", type="lead.hot")["signals"]
        assert [event["id"] for event in mine] == ["signal-7", "signal-5"]
        assert read.page(connection, type="lead.cooled") == {"signals": [], "next": None}


def test_wrong_parameters_are_named_all_at_once(engine):
    """One answer tells the whole mistake."""
    with reading(engine) as connection, pytest.raises(BadRequest) as raised:
        read.page(connection, type="lead.warm", limit=0, cursor="x")
    assert [problem.path for problem in raised.value.problems] == ["type", "limit", "cursor"]


def test_a_stream_goes_on_behind_the_last_number(engine):
    """Server-sent events carry on after a lost connection."""
    put(engine, signal_of(1), signal_of(2))
    with reading(engine) as connection:
        first = read.after(connection, 0, 1)
        rest = read.after(connection, first[-1][0], 10)
        assert rest[-1][0] == read.newest(connection)
    assert [msgspec.json.decode(body)["id"] for _, body in rest] == ["signal-2"]


def test_states_come_back_as_saved(engine):
    """Decisions of the next batch start from them."""
    lead = BandState(
        lead_id="a", band="hot", priority=80.5, since=NOW, rescore_at=NOW + 1, told="hot",
        sent={"lead.hot": NOW},
    )  # fmt: skip
    account = AccountState(account_id="x", told=True, sent={"account.mqa": NOW})
    with writing(engine) as connection:
        bands.save(connection, [lead, BandState(lead_id="b")])
        bands.save_accounts(connection, [account])
    with reading(engine) as connection:
        assert bands.load(connection, ["a", "c"]) == {"a": lead}
        assert bands.load_accounts(connection, ["x", "y"]) == {"x": account}
        assert bands.due(connection, NOW + 1, 10) == [("a", NOW + 1)]
        assert bands.due(connection, NOW, 10) == []


def test_a_merge_keeps_what_was_told_of_either_half(engine):
    """Told as an anonymous visitor, the same person under a name is no news."""
    anonymous = BandState(
        lead_id="b", band="hot", priority=80, since=NOW, told="hot", sent={"lead.hot": NOW}
    )
    known = BandState(lead_id="a", band="cold", priority=5, sent={"lead.cooled": NOW - 1})
    with writing(engine) as connection:
        bands.save(connection, [anonymous, known])
        bands.absorb(connection, {"b": "a", "z": "a"})
        assert bands.load(connection, ["a", "b"]) == {
            "a": BandState(
                lead_id="a", band="hot", priority=80, since=NOW, told="hot",
                sent={"lead.hot": NOW, "lead.cooled": NOW - 1},
            )
        }  # fmt: skip


def test_a_chain_of_merges_ends_at_the_last_survivor(engine):
    """One batch may merge c into b and b into a."""
    with writing(engine) as connection:
        bands.save(connection, [BandState(lead_id="c", band="hot", priority=80, told="hot")])
        bands.absorb(connection, {"c": "b", "b": "a"})
        found = bands.load(connection, ["a", "b", "c"])
    assert {lead_id: state.told for lead_id, state in found.items()} == {"a": "hot"}
