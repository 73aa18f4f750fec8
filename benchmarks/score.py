"""`POST /v1/score` over HTTP on a running api: by rules alone, with a model, beside its floor.

The service has a core of its own; the load and the online store share the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from benchmarks.agreement import agreement
from benchmarks.bench import Bench, Size
from benchmarks.child import serving
from benchmarks.composition import composition
from benchmarks.cores import Cores, pin, resident_mb, started_on, two_cores
from benchmarks.floor import floor
from benchmarks.model import NAME, VERSION, put, release_of
from benchmarks.online import vectors
from benchmarks.place import Place
from benchmarks.rival import plain_endpoint
from benchmarks.stream import email_of
from benchmarks.table import Cell, Table
from benchmarks.timing import median, spread
from benchmarks.ways import (
    COMPOSED,
    CONNECTIONS,
    MOST,
    PLAIN,
    RATE,
    Told,
    bare,
    measure,
    measure_composed,
    ours,
    plain,
)
from core import release
from core.clock import SystemClock
from serving.keys import KeyKind, create
from serving.running.embedded import free_port

MODEL_S = 60.0
"""How long the api may take to take up a model, on a machine that is busy."""
FLOOR = "the floor: same server and bytes, one HMGET"
SHORT = "with a model, short reasons"
TARGETS = {
    SHORT: "≥ 2,500/s",
    "with a model, full": "≥ 300/s",
    FLOOR: "short ≥ 1/6 of it",
    PLAIN: "short ≥ 3 × it",
    COMPOSED: "short ≥ 25 × it",
}
BATCHES = {"with a model, short reasons": "≥ 10,000", "with a model, no reasons": "≥ 20,000"}


def run(bench: Bench) -> list[Table]:
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    told: dict[str, Told] = {}
    with ExitStack() as opened:
        pid = opened.enter_context(run_api(place, port))
        cores = two_cores()
        if cores is not None:
            opened.enter_context(apart(place, cores, pid))
        before = resident_mb(pid)
        told |= measure(bench, [ours("rules alone, short reasons", port, pid, key, "short")])
        answer = put_in_force(place, bench, port, key)
        least = opened.enter_context(floor(place, answer.json()["lead_id"], answer.content))
        if cores is not None:
            pin(least[1], cores.service)
        ways = [
            ours(SHORT, port, pid, key, "short"),
            ours("with a model, no reasons", port, pid, key, "none"),
            ours("with a model, full", port, pid, key, "full"),
            bare(FLOOR, *least, key),
        ]
        composed = None
        if bench.size is not Size.TINY:  # their start takes longer than all tiny runs together
            known = vectors(place.store, bench.pairs())
            with started_on(cores):
                ways.append(plain(opened.enter_context(plain_endpoint(place, known)), bench))
                composed = opened.enter_context(composition(place, known))
        told |= measure(bench, ways)
        if composed is not None:
            told[COMPOSED] = measure_composed(bench, composed)
        memory = f"The api's memory: {before:,.0f} MiB before, {resident_mb(pid):,.0f} after."
        agreed = agreement(port, key, bench)
    return [_singles(told, memory), _batches(told), agreed]


@contextmanager
def run_api(place: Place, port: int) -> Iterator[int]:
    command = ("cli", "api", "--data", str(place.installation.root), "--port", str(port))
    log = place.installation.logs / "api.log"
    with serving(command, log, f"http://127.0.0.1:{port}/readyz") as pid:
        yield pid


@contextmanager
def apart(place: Place, cores: Cores, pid: int) -> Iterator[None]:
    """The service on one core, load and online store on the other, until the block ends."""
    before = os.sched_getaffinity(0)
    pin(pid, cores.service)
    pin(place.server_pid, cores.load)
    pin(os.getpid(), cores.load)
    try:
        yield
    finally:
        pin(os.getpid(), *before)


def put_in_force(place: Place, bench: Bench, port: int, key: str) -> Any:
    """Puts a model in force and waits until the api answers with it: that answer."""
    put(place.installation, *release_of(vectors(place.store, bench.pairs())))
    changes = {"model_name": NAME, "model_version": VERSION}
    release.make(place.engine, SystemClock().now(), "benchmark", **changes)
    deadline = time.monotonic() + MODEL_S
    asked = {"lead": {"email": email_of(0)}}
    url, headers = f"http://127.0.0.1:{port}/v1/score", {"authorization": f"Bearer {key}"}
    while True:
        answer = httpx.post(url, json=asked, headers=headers, timeout=MODEL_S)
        if answer.json()["model"] is not None:
            return answer
        if time.monotonic() > deadline:
            raise RuntimeError("the api did not take up the model")
        time.sleep(0.1)


def _singles(told: dict[str, Told], memory: str) -> Table:
    least, short = median(told[FLOOR].rates), median(told[SHORT].rates)
    rows: list[dict[str, Cell]] = [
        {
            "way": name,
            "requests/s": median(one.rates),
            "core µs": median(one.core_us) if one.core_us else None,
            f"p50/p90/p99 ms at {RATE:.0f}/s": spread(one.steady) if one.steady else "–",
            "at half": spread(one.half) if one.half else "–",
            "× floor": least / median(one.rates),
            "short is ×": short / median(one.rates),
            "turned away": float(sum(one.refused)),
            "load's core": max(one.load_share),
            "target": TARGETS.get(name, "≥ 1,500/s"),
        }
        for name, one in told.items()
    ]
    closed = (
        f"requests/s: closed loop of {CONNECTIONS} connections, service on one core, load and "
        "online store on the other; core µs: what a request takes of the service's core."
    )
    steady = (
        "Open loop at a fixed rate, from the moment a request is due: p50 ≤ 1 and p99 ≤ 5 ms at "
        f"{RATE:.0f}/s are asked; and at half of the closed loop's rate. The floor's row says "
        "what of it is the machine's and the load's own: read the others beside it. On one "
        "connection at 500/s hey and h2load told the same of the floor within 0.3 ms; on many "
        "they send in bursts."
    )
    share = (
        "load's core: the share that the load used of its core; the floor's row shows what it can "
        "do: it is the same load."
    )
    notes = (closed, steady, share, memory)
    return Table("score: one lead a call", rows, notes)


def _batches(told: dict[str, Told]) -> Table:
    rows: list[dict[str, Cell]] = [
        {
            "way": name,
            "ms": 1_000 * median(one.batches),
            "leads/s": MOST / median(one.batches),
            "core µs a lead": median(one.batch_core_us) if one.batch_core_us else None,
            "target": BATCHES.get(name, ""),
        }
        for name, one in told.items()
        if one.batches
    ]
    return Table(f"score: {MOST:,} leads a call", rows)
