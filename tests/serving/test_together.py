"""Calls that are answered together are answered as if each were alone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from core.errors import Unavailable
from serving.score.asks import Ask, Explain
from serving.score.together import Together

Told = list[Any]


class Desk:
    """Answers with who was asked for; holds its first call until it is let go."""

    def __init__(self, refused: str = "", trouble: type[BaseException] = ValueError) -> None:
        self.batches: list[list[str]] = []
        self.refused = refused
        self.trouble = trouble
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, asks: Sequence[Ask]) -> list[Told]:
        names = [str(ask.people[0]) for ask in asks]
        assert len({ask.explain for ask in asks}) == 1
        self.batches.append(names)
        self.begun.set()
        assert self.go.wait(20)
        if self.refused in names:
            raise self.trouble(self.refused)
        return [[f"told {name}"] for name in names]


def ask(name: str, explain: Explain = Explain.SHORT) -> Ask:
    return Ask((name,), explain, None)


def run(desk: Desk, play: Callable[[Together], Any], most: int = 64) -> Any:
    together = Together(desk, most)
    try:
        return asyncio.run(play(together))
    finally:
        desk.go.set()
        together.close()


async def _first(together: Together, desk: Desk) -> asyncio.Task[Told]:
    """One call is being answered; whoever comes now comes too late for its batch."""
    task = asyncio.create_task(together.ask(ask("first")))
    await asyncio.to_thread(desk.begun.wait, 20)
    return task


async def _crowd(together: Together, asks: Sequence[Ask]) -> list[asyncio.Task[Told]]:
    tasks = [asyncio.create_task(together.ask(one)) for one in asks]
    await asyncio.sleep(0)
    return tasks


def test_who_comes_while_others_are_answered_is_answered_with_the_next_batch() -> None:
    """One pair of round trips for all of them, and nobody waited for company."""
    desk = Desk()

    async def play(together: Together) -> list[Told]:
        first = await _first(together, desk)
        rest = await _crowd(together, [ask(f"n{at}") for at in range(5)])
        desk.go.set()
        return list(await asyncio.gather(first, *rest))

    told = run(desk, play)

    assert told == [["told first"], *([f"told n{at}"] for at in range(5))]
    assert desk.batches == [["first"], ["n0", "n1", "n2", "n3", "n4"]]


def test_an_error_of_one_is_nobody_elses() -> None:
    """A lead that cannot be scored must not take the others' answers with it."""
    desk = Desk(refused="bad")

    async def play(together: Together) -> list[Any]:
        first = await _first(together, desk)
        rest = await _crowd(together, [ask("n0"), ask("bad"), ask("n1")])
        desk.go.set()
        return list(await asyncio.gather(first, *rest, return_exceptions=True))

    first, one, bad, other = run(desk, play)

    assert (first, one, other) == (["told first"], ["told n0"], ["told n1"])
    with pytest.raises(ValueError, match="bad"):
        raise bad


@pytest.mark.parametrize("trouble", [StopIteration, SystemExit, GeneratorExit])
def test_whatever_ends_one_ends_neither_the_others_nor_those_behind(
    trouble: type[BaseException],
) -> None:
    """What is no plain error ends threads and loops, and then all wait for ever: probes as well as
    the door would look well.
    """
    desk = Desk(refused="bad", trouble=trouble)

    async def play(together: Together) -> list[Any]:
        first = await _first(together, desk)
        rest = await _crowd(together, [ask("n0"), ask("bad"), ask("n1")])
        desk.go.set()
        told = await asyncio.wait_for(asyncio.gather(first, *rest, return_exceptions=True), 20)
        return [*told, await asyncio.wait_for(together.ask(ask("behind")), 20)]

    first, one, bad, other, behind = run(desk, play)

    assert (first, one, other) == (["told first"], ["told n0"], ["told n1"])
    assert behind == ["told behind"]
    assert isinstance(bad, RuntimeError)
    assert isinstance(bad.__cause__, trouble)


def test_who_asks_after_the_end_is_refused() -> None:
    """Nobody would ever take its call from the queue."""
    together = Together(Desk())
    together.close()
    with pytest.raises(Unavailable):
        asyncio.run(asyncio.wait_for(together.ask(ask("late")), 20))


def test_levels_of_reasons_are_not_mixed_and_keep_their_turn() -> None:
    """What is told of one may not depend on what was asked of another; nobody is passed over."""
    desk = Desk()

    async def play(together: Together) -> None:
        first = await _first(together, desk)
        asks = [ask("a"), ask("b", Explain.FULL), ask("c"), ask("d", Explain.FULL), ask("e")]
        rest = await _crowd(together, asks)
        desk.go.set()
        await asyncio.gather(first, *rest)

    run(desk, play)

    assert desk.batches == [["first"], ["a", "c", "e"], ["b", "d"]]


def test_a_batch_has_its_most() -> None:
    """The first of a thousand would wait for the last."""
    desk = Desk()

    async def play(together: Together) -> None:
        first = await _first(together, desk)
        rest = await _crowd(together, [ask(str(at)) for at in range(5)])
        desk.go.set()
        await asyncio.gather(first, *rest)

    run(desk, play, most=2)

    assert desk.batches == [["first"], ["0", "1"], ["2", "3"], ["4"]]


def test_no_work_for_who_hung_up() -> None:
    """A client that gave up in the queue would cost as much as one that waits."""
    desk = Desk()

    async def play(together: Together) -> None:
        first = await _first(together, desk)
        gone, stays = await _crowd(together, [ask("gone"), ask("stays")])
        gone.cancel()
        await asyncio.sleep(0)
        desk.go.set()
        await asyncio.gather(first, stays)

    run(desk, play)

    assert desk.batches == [["first"], ["stays"]]


def test_what_has_arrived_is_answered_before_the_end() -> None:
    """A restart answers what is under way."""
    desk = Desk()

    async def play(together: Together) -> list[Told]:
        first = await _first(together, desk)
        rest = await _crowd(together, [ask("a"), ask("b", Explain.FULL)])
        closing = asyncio.create_task(asyncio.to_thread(together.close))
        desk.go.set()
        told = await asyncio.gather(first, *rest)
        await closing
        return list(told)

    assert run(desk, play) == [["told first"], ["told a"], ["told b"]]
