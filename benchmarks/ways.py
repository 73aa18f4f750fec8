"""The ways of asking for scores that score.py compares, and how each is measured."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from benchmarks.bench import SEED, Bench, Size
from benchmarks.composition import Composition
from benchmarks.cores import core_seconds
from benchmarks.load import Load, drive, post, steady
from benchmarks.rival import PATH
from benchmarks.stream import email_of

PLAIN = "plain BentoML and Feast: no rules, no reasons"
COMPOSED = "feast serve, then mlflow models serve"
CALLS = {Size.TINY: 6, Size.QUICK: 1_000, Size.FULL: 4_000}
SECONDS = {Size.TINY: 0.05, Size.QUICK: 3.0, Size.FULL: 10.0}
ROUNDS = {Size.TINY: 1, Size.QUICK: 2, Size.FULL: 3}
CONNECTIONS = 32
RATE = 500.0
"""Requests a second of the open loop."""
BATCHES = 10
"""Calls of a thousand leads, one after the other."""
SLOWER = 10
"""How many times fewer calls a way is given that would take too long."""
MOST = 1_000


class Way(NamedTuple):
    """`request` makes the call that asks for these people; a single one is asked on `path`."""

    name: str
    port: int
    pid: int | None
    """Its process, where it is one alone."""
    request: Callable[[Sequence[int]], bytes]
    fast: bool = True
    """Whether it is given many calls, and the open loop."""
    batches: bool = True


class Told(NamedTuple):
    """All rounds of one way: many connections, open loop, and a thousand leads a call."""

    rates: list[float]
    core_us: list[float]
    """Microseconds of its core that a request takes: equal on a machine that others use too."""
    load_share: list[float]
    """Of its core, what the load took meanwhile: near 1 it would be the load that is measured."""
    steady: list[float]
    half: list[float]
    batches: list[float]
    batch_core_us: list[float]
    """Microseconds of its core that a lead of a batch takes."""
    refused: list[int]
    """Single calls that were turned away, of any kind of load."""


def ours(name: str, port: int, pid: int, key: str, explain: str) -> Way:
    def request(people: Sequence[int]) -> bytes:
        leads = [{"email": email_of(who)} for who in people]
        asked: dict[str, Any] = {"lead": leads[0]} if len(leads) == 1 else {"leads": leads}
        path = "/v1/score" if len(leads) == 1 else "/v1/score/batch"
        return post(port, path, msgspec.json.encode({**asked, "explain": explain}), key)

    return Way(name, port, pid, request)


def bare(name: str, port: int, pid: int, key: str) -> Way:
    """The floor, asked what we are asked."""
    return ours(name, port, pid, key, "short")._replace(batches=False)


def plain(port: int, bench: Bench) -> Way:
    """Asked by ids, because it knows no identifiers."""
    pairs = bench.pairs()

    def request(people: Sequence[int]) -> bytes:
        leads, accounts = zip(*(pairs[who % len(pairs)] for who in people), strict=True)
        asked = {"lead_ids": leads, "account_ids": [one or "" for one in accounts]}
        return post(port, PATH, msgspec.json.encode(asked))

    return Way(PLAIN, port, None, request, fast=False)


def measure_composed(bench: Bench, servers: Composition) -> Told:
    """Closed loop and batches of the two servers, asked by ids; the first round does not count."""
    dice, pairs = random.Random(SEED), bench.pairs()
    told = Told([], [], [], [], [], [], [], [])
    for at in range(-1, ROUNDS[bench.size]):
        held = told if at >= 0 else Told([], [], [], [], [], [], [], [])
        asked = dice.choices(pairs, k=max(3, CALLS[bench.size] // SLOWER))
        mine = time.process_time()
        load = servers.score(asked, CONNECTIONS)
        held.load_share.append((time.process_time() - mine) / load.seconds)
        held.rates.append(load.rate)
        held.batches.append(servers.batch(dice.choices(pairs, k=MOST)))
    return told


def measure(bench: Bench, ways: Sequence[Way]) -> dict[str, Told]:
    """A B A B …, in rounds of all kinds; the first round warms and does not count."""
    dice = random.Random(SEED)
    told = {way.name: Told([], [], [], [], [], [], [], []) for way in ways}
    for at in range(-1, ROUNDS[bench.size]):
        for way in ways:
            held = told[way.name] if at >= 0 else Told([], [], [], [], [], [], [], [])
            _closed(bench, way, dice, held)
            if way.fast:
                half = held.rates[-1] / 2
                for rate, each in ((RATE, held.steady), (half, held.half)):
                    load = _open(bench, way, dice, rate)
                    each.extend(load.each)
                    held.refused.append(load.refused)
            if way.batches:
                _batch(bench, way, dice, held)
    return told


def asked_of(bench: Bench, way: Way, dice: random.Random, calls: int) -> list[bytes]:
    return [way.request([dice.randrange(bench.crowd.people)]) for _ in range(calls)]


def _closed(bench: Bench, way: Way, dice: random.Random, held: Told) -> None:
    calls = max(3, CALLS[bench.size] // (1 if way.fast else SLOWER))
    asked = asked_of(bench, way, dice, calls)
    theirs, mine = core_seconds(way.pid) if way.pid else 0.0, time.process_time()
    load = drive(way.port, asked, CONNECTIONS)
    held.load_share.append((time.process_time() - mine) / load.seconds)
    if way.pid:
        held.core_us.append((core_seconds(way.pid) - theirs) / calls * 1e6)
    held.rates.append(load.rate)
    held.refused.append(load.refused)


def _batch(bench: Bench, way: Way, dice: random.Random, held: Told) -> None:
    people = [dice.randrange(bench.crowd.people) for _ in range(MOST)]
    calls = 1 if bench.size is Size.TINY or not way.fast else BATCHES
    theirs = core_seconds(way.pid) if way.pid else 0.0
    held.batches.extend(drive(way.port, [way.request(people)] * calls).each)
    if way.pid:
        spent = core_seconds(way.pid) - theirs
        held.batch_core_us.append(spent / calls / MOST * 1e6)


def _open(bench: Bench, way: Way, dice: random.Random, rate: float) -> Load:
    calls = max(3, int(rate * SECONDS[bench.size]))
    return steady(way.port, asked_of(bench, way, dice, calls), rate)
