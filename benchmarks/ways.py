"""The ways of asking for scores that score.py compares, and how each is measured."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from benchmarks.bench import SEED, Bench, Size
from benchmarks.load import drive, post
from benchmarks.rival import PATH
from benchmarks.stream import email_of

CALLS = {Size.TINY: 3, Size.QUICK: 60, Size.FULL: 200}
ROUNDS = {Size.TINY: 1, Size.QUICK: 2, Size.FULL: 3}
CONNECTIONS = 16
MOST = 1_000


class Way(NamedTuple):
    """`request` makes the call that asks for these people; a single one is asked on `path`."""

    name: str
    port: int
    request: Callable[[Sequence[int]], bytes]


class Told(NamedTuple):
    """All rounds of one way: one connection, sixteen, and a thousand leads a call."""

    alone: list[float]
    rates: list[float]
    crowded: list[float]
    batches: list[float]


def ours(name: str, port: int, key: str, explain: str) -> Way:
    def request(people: Sequence[int]) -> bytes:
        leads = [{"email": email_of(who)} for who in people]
        asked: dict[str, Any] = {"lead": leads[0]} if len(leads) == 1 else {"leads": leads}
        path = "/v1/score" if len(leads) == 1 else "/v1/score/batch"
        return post(port, path, msgspec.json.encode({**asked, "explain": explain}), key)

    return Way(name, port, request)


def plain(port: int, bench: Bench) -> Way:
    """Asked by ids, because it knows no identifiers."""
    pairs = bench.pairs()

    def request(people: Sequence[int]) -> bytes:
        leads, accounts = zip(*(pairs[who % len(pairs)] for who in people), strict=True)
        asked = {"lead_ids": leads, "account_ids": [one or "" for one in accounts]}
        return post(port, PATH, msgspec.json.encode(asked))

    return Way("plain BentoML and Feast: no rules, no reasons", port, request)


def measure(bench: Bench, ways: Sequence[Way]) -> dict[str, Told]:
    """A B A B …, in rounds of all three kinds; the first round warms and does not count."""
    dice = random.Random(SEED)
    calls, people = CALLS[bench.size], bench.crowd.people
    told = {way.name: Told([], [], [], []) for way in ways}
    for at in range(-1, ROUNDS[bench.size]):
        for way in ways:
            asked = [way.request([dice.randrange(people)]) for _ in range(calls)]
            one, many = drive(way.port, asked), drive(way.port, asked * 2, CONNECTIONS)
            if at < 0:
                continue
            batch = way.request([dice.randrange(people) for _ in range(MOST)])
            held = told[way.name]
            held.alone.extend(one.each)
            held.rates.append(many.rate)
            held.crowded.extend(many.each)
            held.batches.extend(drive(way.port, [batch]).each)
    return told
