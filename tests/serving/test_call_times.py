"""What calls took, where several are answered together: by arm of an experiment, and as kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from core import release
from core.clock import FixedClock
from core.database import reading
from core.installation import Installation
from core.settings import load_settings
from events.types import Identifier, IdentifierKind
from scoring import experiment
from serving.kept.calls import read_calls
from serving.parts import Parts
from serving.score import desk
from serving.score.asks import Ask, Explain
from serving.score.assess import assess as plainly
from signals.exposure import EXPOSURE
from signals.standing import Standing
from tests.half_each import half_each
from tests.pipeline_bench import Bench

USERS = [f"user-{number}" for number in range(8)]
SPEC = half_each()


@pytest.fixture
def parts(
    installation: Installation,
    redis_client: redis.Redis,
    write_model: Callable[[Installation, str], Path],
) -> Iterator[Parts]:
    """While an experiment runs over eight known people."""
    bench = Bench(installation, redis_client)
    page = {"type": "page", "properties": {"path": "/pricing"}}
    bench.feed(*({**page, "userId": user, "messageId": user} for user in USERS))
    for version in ("1", "2"):
        write_model(installation, version)
    release.make(bench.engine, 1, "test", model_name="lead_propensity", model_version="1")
    experiment.begin(bench.engine, SPEC, 5)
    where = redis_client.connection_pool.connection_kwargs
    login = f":{where['password']}@" if where.get("password") else ""
    url = f"redis://{login}{where['host']}:{where['port']}"
    settings = load_settings(None, redis={"url": url}, calls={"sample": 1.0})
    parts = Parts(installation, settings, FixedClock(bench.clock.now() + 1))
    yield parts
    parts.close()
    bench.engine.dispose()


def asks(arrived: Sequence[float | None]) -> list[Ask]:
    people = [Identifier(IdentifierKind.USER_ID, user) for user in USERS]
    return [
        Ask((who,), Explain.SHORT, None, f"call-{at}", at_door)
        for at, (who, at_door) in enumerate(zip(people, arrived, strict=False))
    ]


def timed(engine: sa.Engine) -> dict[str, int]:
    with reading(engine) as record:
        return {row.lead_id: row.timed for row in record.execute(sa.select(EXPOSURE))}


@pytest.mark.parametrize(("share", "judged"), [(0.0, [8]), (1.0, [1, 7])])
def test_a_lead_is_timed_by_itself_or_not_at_all(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, share: float, judged: list[int]
) -> None:
    """A batch of both arms takes one time: booked for each lead it hides the arm that is slow."""
    counts = []

    def assess(loaded: Any, vectors: Any, *rest: Any, **how: Any) -> list[Standing]:
        counts.append(len(vectors))
        return plainly(loaded, vectors, *rest, **how)

    monkeypatch.setattr(desk, "assess", assess)
    monkeypatch.setattr(desk, "TIMED", 0.0)
    whole = parts.desk.score_all(asks([None] * 8))
    counts.clear()
    monkeypatch.setattr(desk, "TIMED", share)

    told = parts.desk.score_all(asks([None] * 8))

    assert told == whole
    assert {one["experiment"]["arm"] for [one] in told if one} == {"champion", "challenger"}
    assert counts == judged
    parts.exposures.close()
    first = (told[0][0] or {})["lead_id"]
    assert [who for who, times in timed(parts.engine).items() if times] == [first] * len(judged[1:])


def test_a_call_alone_is_timed_always(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs nothing: it is judged by itself as it is."""
    monkeypatch.setattr(desk, "TIMED", 0.0)
    [[told]] = parts.desk.score_all(asks([None]))
    parts.exposures.close()
    assert timed(parts.engine) == {(told or {})["lead_id"]: 1}


def test_what_a_kept_call_took_begins_with_its_arrival(parts: Parts) -> None:
    """A caller who waited in the queue waited: an audit that leaves it out tells of no overload."""
    now = time.perf_counter()
    parts.desk.score_all(asks([now - 1_000, now - 2_000, None]))
    parts.calls.close()
    with reading(parts.engine) as record:
        [[one], [two], [unknown]] = [read_calls(record, f"call-{at}") for at in range(3)]
    assert 1_000 <= one.seconds < 2_000 <= two.seconds
    assert 0 < unknown.seconds < 1_000
