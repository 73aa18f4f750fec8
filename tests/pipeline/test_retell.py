"""History that was imported out of order is told anew: the order of lines means nothing."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
import redis
import sqlalchemy as sa

from core.clock import DAY, from_datetime, from_iso
from core.database import reading
from core.installation import Installation
from events.types import Door, Identifier, IdentifierKind
from features.offline import Ask, vectors
from features.record import RETELL_DUE
from serving.worker.control import SOURCE, Control, control_event
from tests.parity.streams import PEOPLE, START, stream
from tests.pipeline_bench import Bench

NOW = from_iso("2026-12-01")


def imported(
    installation: Installation, client: redis.Redis, messages: list[dict[str, Any]]
) -> Bench:
    """Posted to the door for history in this order, then told anew if that is called for."""
    client.flushall()
    bench = Bench(installation, client, NOW)
    for start in range(0, len(messages), 50):
        bench.feed(*messages[start : start + 50], door=Door.IMPORT)
    retell(bench)
    return bench


def retell(bench: Bench) -> None:
    """What the worker does when it is idle."""
    if bench.pipeline.history_is_late:
        asked = bench.raw(control_event(Control.RETELL).body)
        bench.pipeline.run([msgspec.structs.replace(asked, source=SOURCE)])
    bench.pipeline.keep_up()


def history(seed: int) -> list[dict[str, Any]]:
    """Messages by their own time; each once."""
    told = {one.message["messageId"]: one for one in stream(seed, steps=350)}
    return [one.message for one in sorted(told.values(), key=lambda one: one.occurred)]


def asks(seed: int) -> list[Ask]:
    dice = random.Random(seed)
    begin = from_datetime(START) - 20 * DAY
    found = []
    for _ in range(150):
        who = dice.randrange(PEOPLE)
        identifier = dice.choice(
            [
                Identifier(IdentifierKind.USER_ID, f"user-{who}"),
                Identifier(IdentifierKind.ANONYMOUS_ID, f"anon-{who}-{dice.randrange(3)}"),
            ]
        )
        found.append(Ask(identifier, begin + dice.randrange(130 * DAY)))
    return found


def values(bench: Bench, asked: list[Ask]) -> list[Any]:
    found = vectors(bench.installation, bench.engine, asked)
    return [one and one.values for one in found]


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_shuffled_import_gives_the_rows_of_a_sorted_one(
    installation: Installation, redis_client: redis.Redis, seed: int
) -> None:
    """Merges, moves between accounts and deals included, at any moment of the past."""
    messages = history(seed)
    asked = asks(seed)
    straight = values(imported(installation, redis_client, messages), asked)
    assert sum(one is not None for one in straight) > 60
    other = Installation(installation.root.parent / "shuffled").create()
    random.Random(seed).shuffle(messages)
    bench = imported(other, redis_client, messages)
    assert values(bench, asked) == straight
    with reading(bench.engine) as record:
        assert not record.execute(sa.select(RETELL_DUE)).all()


def test_history_in_order_is_not_told_twice(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """The work is done only where an import calls for it."""
    bench = Bench(installation, redis_client, NOW)
    bench.feed(*history(11), door=Door.IMPORT)
    assert not bench.pipeline.history_is_late


def test_ids_that_were_handed_out_go_on_to_mean_the_same_person(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """Signals and CRMs hold lead ids: telling history anew must not change who they are."""
    messages = history(12)
    random.Random(1).shuffle(messages)
    bench = Bench(installation, redis_client, NOW)
    for start in range(0, len(messages), 50):
        bench.feed(*messages[start : start + 50], door=Door.IMPORT)
    people = [Identifier(IdentifierKind.USER_ID, f"user-{who}") for who in range(PEOPLE)]
    before = bench.index.find_in_record(people)
    retell(bench)
    assert bench.index.find_in_record(people) == before
    assert bench.index.find(people) == before
    served = bench.store.read([found for found in before if found])
    assert all(lead is not None for lead, _ in served)


def test_live_events_after_a_retelling_are_counted_on(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """It stands between two batches like any event; nothing is counted twice on either side."""
    page = {"type": "page", "userId": "u", "properties": {"path": "/"}}
    old = [{**page, "messageId": str(day), "timestamp": f"2026-11-{day:02d}T00:00:00Z"}
           for day in (20, 10)]  # fmt: skip
    bench = imported(installation, redis_client, old)
    bench.feed({**page, "messageId": "live"})
    user = Identifier(IdentifierKind.USER_ID, "u")
    moments = [from_iso(f"2026-11-{day}") for day in ("05", "15", "25")]
    found = values(bench, [*(Ask(user, moment) for moment in moments), Ask(user, NOW + DAY)])
    assert [one and one["page_views_ever"] for one in found] == [None, 1, 2, 3]


def test_a_worker_that_dies_while_retelling_does_it_again(
    installation: Installation, redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is in force before its commit; what is due is in the record."""
    page = {"type": "page", "userId": "u", "properties": {"path": "/"}}
    old = [{**page, "messageId": str(day), "timestamp": f"2026-11-{day:02d}T00:00:00Z"}
           for day in (20, 10)]  # fmt: skip
    bench = Bench(installation, redis_client, NOW)
    bench.feed(*old, door=Door.IMPORT)

    class Died(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(bench.pipeline, "_commit", die)
        with pytest.raises(Died):
            retell(bench)
    bench.start()
    assert bench.pipeline.history_is_late
    retell(bench)
    user = Identifier(IdentifierKind.USER_ID, "u")
    [found] = values(bench, [Ask(user, from_iso("2026-11-15"))])
    assert found["page_views_ever"] == 1
    assert not list(installation.lake.glob("**/*.writing"))


def view(who: str, device: str | None, day: int, door: Door = Door.IMPORT) -> dict[str, Any]:
    named = {"userId": who, **({"anonymousId": device} if device else {})}
    told = {"type": "page", **named, "messageId": f"{who}-{day}", "properties": {"path": "/"}}
    return {**told, "timestamp": f"2026-11-{day:02d}T00:00:00Z"} if door is Door.IMPORT else told


def user(name: str) -> Identifier:
    return Identifier(IdentifierKind.USER_ID, name)


def test_a_stranger_on_the_same_device_stays_who_they_were(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """Two people share a browser; one's history is told anew, the other keeps id and account."""
    bench = Bench(installation, redis_client, NOW)
    group = {"type": "group", "userId": "one", "groupId": "corp", "messageId": "g"}
    bench.feed(group, view("one", "shared", 0, Door.LIVE))
    before = bench.index.find_in_record([user("one")])
    bench.feed(view("two", "shared", 20), view("two", None, 10), door=Door.IMPORT)
    assert bench.pipeline.history_is_late
    retell(bench)
    assert bench.index.find_in_record([user("one")]) == before
    [found] = before
    assert found is not None
    assert found[1] is not None
    assert bench.index.find_leads([found[0]]) == before
    moment = NOW + DAY
    one, two = values(bench, [Ask(user("one"), moment), Ask(user("two"), moment)])
    assert (one["page_views_ever"], two["page_views_ever"]) == (1, 2)


def test_who_had_a_shared_device_first_does_not_depend_on_the_order_of_lines(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """Nobody's tiles are late, but the identifier is: the first to be known by it has it."""
    nameless = {"type": "page", "anonymousId": "shared", "messageId": "n",
                "timestamp": "2026-11-25T00:00:00Z", "properties": {"path": "/"}}  # fmt: skip
    lines = [view("early", "shared", 10), view("later", "shared", 20), nameless]
    moment = NOW
    asked = [Ask(user("early"), moment), Ask(user("later"), moment)]
    straight = values(imported(installation, redis_client, lines), asked)
    assert [one["page_views_ever"] for one in straight] == [2, 1]
    other = Installation(installation.root.parent / "other").create()
    shuffled = imported(other, redis_client, [lines[1], lines[0], lines[2]])
    assert values(shuffled, asked) == straight


def test_only_the_circle_is_told_anew(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """Colleagues are of the circle, since their account's rows change; strangers' rows stay."""
    bench = Bench(installation, redis_client, NOW)
    group = {"type": "group", "groupId": "corp", "timestamp": "2026-11-01T00:00:00Z"}
    bench.feed(
        {**group, "userId": "late", "messageId": "g1"},
        {**group, "userId": "colleague", "messageId": "g2"},
        view("colleague", None, 5),
        view("stranger", None, 5),
        view("late", None, 20),
        view("late", None, 10),
        door=Door.IMPORT,
    )
    retell(bench)
    names = bench.index.find_in_record([user("late"), user("colleague"), user("stranger")])
    with reading(bench.engine) as record:
        made = dict(
            record.execute(sa.text("select id, offset from tiles where entity = 'lead'")).all()
        )  # type: ignore[arg-type]
    late, colleague, stranger = (made[found[0]] for found in names if found)
    assert late == colleague == bench.offset
    assert stranger < bench.offset
    asked = [Ask(user("late"), from_iso("2026-11-15"))]
    [found] = values(bench, asked)
    assert found["page_views_ever"] == 1
    assert found["account_page_views_90d"] == 2
