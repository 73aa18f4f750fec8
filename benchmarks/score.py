"""`POST /v1/score` over HTTP on a running api: by rules alone, with a model, and the plain way."""

from __future__ import annotations

import time
from contextlib import ExitStack

import httpx

from benchmarks.bench import Bench, Size
from benchmarks.child import serving
from benchmarks.model import NAME, VERSION, put, release_of
from benchmarks.online import vectors
from benchmarks.place import Place
from benchmarks.rival import plain_endpoint
from benchmarks.stream import email_of
from benchmarks.table import Cell, Table
from benchmarks.timing import latency, median
from benchmarks.ways import CONNECTIONS, MOST, Told, measure, ours, plain
from core import release
from core.clock import SystemClock
from serving.embedded import free_port
from serving.keys import KeyKind, create

MODEL_S = 60.0
"""How long the api may take to take up a model, on a machine that is busy."""


def run(bench: Bench) -> list[Table]:
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    told: dict[str, Told] = {}
    with ExitStack() as opened:
        command = ("cli", "api", "--data", str(place.installation.root), "--port", str(port))
        log = place.installation.logs / "api.log"
        opened.enter_context(serving(command, log, f"http://127.0.0.1:{port}/readyz"))
        told |= measure(bench, [ours("rules alone, short reasons", port, key, "short")])
        _release(place, bench, port, key)
        ways = [
            ours("with a model, short reasons", port, key, "short"),
            ours("with a model, no reasons", port, key, "none"),
        ]
        if bench.size is not Size.TINY:  # its start takes longer than all tiny runs together
            known = vectors(place.store, bench.pairs())
            rival = opened.enter_context(plain_endpoint(place, known))
            ways.append(plain(rival, bench))
        told |= measure(bench, ways)
    return [_singles(told), _batches(told)]


def _release(place: Place, bench: Bench, port: int, key: str) -> None:
    """Puts a model in force and waits until the api answers with it."""
    put(place.installation, *release_of(vectors(place.store, bench.pairs())))
    changes = {"model_name": NAME, "model_version": VERSION}
    release.make(place.engine, SystemClock().now(), "benchmark", **changes)
    deadline = time.monotonic() + MODEL_S
    asked = {"lead": {"email": email_of(0)}}
    url, headers = f"http://127.0.0.1:{port}/v1/score", {"authorization": f"Bearer {key}"}
    while httpx.post(url, json=asked, headers=headers, timeout=MODEL_S).json()["model"] is None:
        if time.monotonic() > deadline:
            raise RuntimeError("the api did not take up the model")
        time.sleep(0.1)


def _singles(told: dict[str, Told]) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "way": name,
            **latency(one.alone),
            f"requests/s ({CONNECTIONS})": median(one.rates),
            f"p99 ms ({CONNECTIONS})": latency(one.crowded)["p99 ms"],
            "target": "" if name.startswith("plain") else "≥ 1,500/s",
        }
        for name, one in told.items()
    ]
    note = f"One connection; ({CONNECTIONS}): as many at once. The load shares the machine."
    return Table("score: one lead a call", rows, (note,))


def _batches(told: dict[str, Told]) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "way": name,
            "ms": 1_000 * median(one.batches),
            "leads/s": MOST / median(one.batches),
            "target": _batch_target(name),
        }
        for name, one in told.items()
    ]
    return Table(f"score: {MOST:,} leads a call", rows)


def _batch_target(name: str) -> str:
    if name.startswith("plain"):
        return ""
    return "≥ 20,000" if name.endswith("no reasons") else "≥ 10,000"
