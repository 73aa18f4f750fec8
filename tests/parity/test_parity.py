"""One definition of every feature: online, offline and a brute-force count agree at any moment.

The most valuable tests here: if they hold, a model is served what it was trained on.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
import redis

import features.windows
from core.clock import DAY, HOUR, from_datetime
from core.database import reading
from core.installation import Installation
from events.types import Identifier, IdentifierKind
from features.definitions import Entity
from features.feast_store import apply, open_store
from features.names import VALUE, VIEWS
from features.offline import Ask, vectors
from features.record import read_blobs
from features.vector import FeatureVector, vector
from tests.parity.brute import World, account_values, lead_values
from tests.parity.streams import PEOPLE, START, stream
from tests.pipeline_bench import Bench

SEEDS = (1, 2, 3)
Asked = tuple[Identifier, str, int]
"""The identifier, its name for the brute force, and the moment."""


class Replayed:
    """A stream run through the worker in batches of odd sizes, with a restart on the way."""

    def __init__(self, seed: int, installation: Installation, client: redis.Redis) -> None:
        self.told = stream(seed)
        self.dice = random.Random(seed + 1)
        self.bench = Bench(installation, client)
        at = 0
        while at < len(self.told):
            size = self.dice.choice([1, 7, 60])
            self._feed(at, size)
            at += size
            if self.dice.random() < 0.05:
                self.bench.start()

    def _feed(self, at: int, size: int) -> None:
        raws = []
        for one in self.told[at : at + size]:
            self.bench.clock.at = from_datetime(one.known) - 1
            raws.append(self.bench.raw(one.message))
        self.bench.pipeline.keep_up()
        self.bench.pipeline.run(raws)

    def asks(self, count: int) -> list[Asked]:
        """Moments over all history, at its events and at the borders of hours, days and months."""
        return [self._ask() for _ in range(count)]

    def _ask(self) -> Asked:
        who = self.dice.randrange(PEOPLE)
        name = self.dice.choice([f"userId:user-{who}", f"anonymousId:anon-{who}-0"])
        kind = IdentifierKind.USER_ID if name[0] == "u" else IdentifierKind.ANONYMOUS_ID
        identifier = Identifier(kind, name.partition(":")[2])
        moment = from_datetime(self.dice.choice(self.told).known)
        moment = self.dice.choice(
            [
                moment,
                moment - 1,
                moment // HOUR * HOUR,
                moment // DAY * DAY,
                moment // DAY * DAY - 1,
                from_datetime(START.replace(month=2, day=1)) + self.dice.choice([-1, 0, 1]),
                moment + 2 * DAY,
            ]
        )
        return identifier, name, moment

    def brute(self, name: str, moment: int) -> dict[str, Any] | None:
        world = World(
            self.told, dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=moment)
        )
        values = lead_values(world, name)
        return None if values is None else {**values, **account_values(world, name)}


@pytest.fixture(params=SEEDS)
def replayed(
    request: pytest.FixtureRequest, installation: Installation, redis_client: redis.Redis
) -> Replayed:
    return Replayed(request.param, installation, redis_client)


def mismatches(expected: dict[str, Any], found: FeatureVector) -> list[tuple[str, Any, Any]]:
    return [
        (name, value, found.values[name])
        for name, value in expected.items()
        if not _equal(value, found.values[name])
    ]


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return abs(left - right) < 1e-9
    return bool(left == right)


def offline_mismatches(replayed: Replayed, count: int) -> tuple[list[Any], int, int]:
    """(mismatches, values compared, of them neither zero nor missing)."""
    asked = replayed.asks(count)
    told = [Ask(identifier, moment) for identifier, _, moment in asked]
    found = vectors(replayed.bench.installation, replayed.bench.engine, told)
    wrong: list[Any] = []
    compared = filled = 0
    for (_, name, moment), got in zip(asked, found, strict=True):
        expected = replayed.brute(name, moment)
        if expected is None or got is None:
            wrong += [] if expected is None and got is None else [(name, moment, got is None)]
            continue
        compared += len(expected)
        filled += sum(1 for value in expected.values() if value)
        wrong += [(name, moment, one) for one in mismatches(expected, got)]
    return wrong, compared, filled


def test_offline_equals_a_brute_force_count_at_any_moment(replayed: Replayed) -> None:
    """Point-in-time rows through Feast leave out what was not known yet, and count the rest."""
    wrong, compared, filled = offline_mismatches(replayed, 120)
    assert not wrong[:5]
    assert compared > 4_000
    assert filled > 0.4 * compared, "mostly zeros would agree by accident"


def test_online_equals_offline_and_brute_force_now(replayed: Replayed) -> None:
    """What a score call reads from Redis is what training would have read."""
    moment = from_datetime(replayed.told[-1].known) + 3 * HOUR
    for who in range(PEOPLE):
        identifier = Identifier(IdentifierKind.USER_ID, f"user-{who}")
        expected = replayed.brute(f"userId:user-{who}", moment)
        found = replayed.bench.index.find([identifier])[0]
        assert (found is None) == (expected is None)
        if found is None or expected is None:
            continue
        [(lead, account)] = replayed.bench.store.read([found])
        assert not mismatches(expected, vector(*found, lead, account, moment))


def test_feast_reads_the_bytes_that_we_wrote(replayed: Replayed, redis_server: str) -> None:
    """Our own write path is Feast's format: `get_online_features` gives the record's tiles."""
    bench = replayed.bench
    apply(bench.installation)
    ids = [found for who in range(PEOPLE) if (found := bench.index.find([_user(who)])[0])]
    store = open_store(bench.installation, redis_server)
    answer = store.get_online_features(
        features=[f"{VIEWS['lead']}:{VALUE}"], entity_rows=[{"lead_id": lead} for lead, _ in ids]
    )
    with reading(bench.engine) as record:
        blobs = read_blobs(record, Entity.LEAD, [lead for lead, _ in ids])
    served = answer.to_dict()
    assert served[VALUE] == [blobs[lead] for lead in served["lead_id"]]
    assert len(ids) == PEOPLE


def test_a_window_that_starts_one_hop_off_is_caught(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison can fail: with a planted error of one hop it does."""
    replayed = Replayed(1, installation, redis_client)

    def early(as_of: int, days: int) -> int:
        hop = HOUR if days <= 2 else DAY
        return (as_of - days * DAY) // hop * hop + hop

    monkeypatch.setattr(features.windows, "window_start", early)
    wrong, _, _ = offline_mismatches(replayed, 60)
    assert wrong


def _user(who: int) -> Identifier:
    return Identifier(IdentifierKind.USER_ID, f"user-{who}")


def test_events_after_the_moment_change_no_value(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """No leak: a row asked for a past moment is the same before and after more has happened."""
    replayed = Replayed(2, installation, redis_client)
    moment = from_datetime(replayed.told[-1].known)
    asks = [Ask(_user(who), moment) for who in range(PEOPLE)]
    before = vectors(installation, replayed.bench.engine, asks)
    replayed.bench.clock.at = moment + 2 * HOUR
    occurred = dt.datetime.fromtimestamp(moment / 1e6 - 86_400, dt.UTC).isoformat()
    for who in range(PEOPLE):
        page = {"path": "/pricing", "session_id": "late", "duration_s": 60}
        replayed.bench.feed(
            {"type": "page", "messageId": f"late-{who}", "userId": f"user-{who}",
             "timestamp": occurred, "properties": page},
            {"type": "identify", "messageId": f"late-i-{who}", "userId": f"user-{who}",
             "anonymousId": f"new-device-{who}", "traits": {"title": "CEO"}},
        )  # fmt: skip
    assert vectors(installation, replayed.bench.engine, asks) == before
