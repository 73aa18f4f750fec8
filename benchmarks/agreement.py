"""Whether short reasons are those that the full ones begin with."""

from __future__ import annotations

from typing import Any

import httpx

from benchmarks.bench import Bench
from benchmarks.stream import email_of
from benchmarks.table import Table

SAMPLE = 1_000
LEAST = 0.95


def agreement(port: int, key: str, bench: Bench) -> Table:
    """Of a sample of leads, asked both ways: how often the first reason and all five are alike."""
    people = range(min(SAMPLE, bench.crowd.people))
    asked = [{"email": email_of(who)} for who in people]
    short, full = (_told(port, key, asked, explain) for explain in ("short", "full"))
    pairs = [
        (_named(one), _named(other))
        for one, other in zip(short, full, strict=True)
        if "reasons" in one and "reasons" in other
    ]
    first = sum(one[:1] == other[:1] for one, other in pairs) / len(pairs)
    every = sum(set(one) == set(other) for one, other in pairs) / len(pairs)
    row = {"leads": float(len(pairs)), "first reason alike": first, "all five alike": every}
    return Table("score: short reasons beside full ones", [{**row, "target": f"≥ {LEAST}"}])


def _told(port: int, key: str, leads: list[Any], explain: str) -> list[Any]:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/score/batch",
        json={"leads": leads, "explain": explain},
        headers={"authorization": f"Bearer {key}"},
        timeout=60.0,
    )
    results: list[Any] = answer.raise_for_status().json()["results"]
    return results


def _named(answer: Any) -> list[str]:
    return [reason["id"] for reason in answer["reasons"]]
