"""Five times as many score calls as the api can answer: what is answered then, and afterwards."""

from __future__ import annotations

from benchmarks.bench import Bench, Size
from benchmarks.child import serving
from benchmarks.flood import PATIENCE_S, Flood, flood
from benchmarks.load import drive, post
from benchmarks.stream import email_of
from benchmarks.table import Table
from benchmarks.timing import quantile, spread
from core.clock import SystemClock
from serving.keys import KeyKind, create
from serving.running.embedded import free_port

TIMES = 5
SECONDS = {Size.TINY: (1, 1, 1, 1), Size.QUICK: (4, 5, 6, 13), Size.FULL: (5, 10, 15, 20)}
"""Of the peak, of calm before the flood, of the flood, and after it."""
CONNECTIONS = {Size.TINY: 50, Size.QUICK: 1_000, Size.FULL: 2_000}
CALM = 0.5
"""Of the peak: a load that is no trouble."""
WINDOW_S = 3
"""Seconds in which it is looked whether all is as before: single ones are slow on any machine."""
ANSWERED = 0.98
SLOWER = 2.0
"""As before is: so many of the calls are answered in time, and their p99 is at most so many times
that of the calm before.
"""


def run(bench: Bench) -> list[Table]:
    """Rules alone: the quicker the answers, the more it costs to turn calls away beside them."""
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    requests = [
        post(port, "/v1/score", f'{{"lead":{{"email":"{email_of(one)}"}}}}'.encode(), key)
        for one in range(bench.crowd.people)
    ]
    peak_s, before, during, after = SECONDS[bench.size]
    command = ("cli", "api", "--data", str(place.installation.root), "--port", str(port))
    log = place.installation.logs / "api.log"
    with serving(command, log, f"http://127.0.0.1:{port}/readyz"):
        drive(port, requests[:200], 16)
        peak = _peak(port, requests, peak_s)
        rates = [CALM * peak] * before + [TIMES * peak] * during + [CALM * peak] * after
        told = flood(port, requests, rates, CONNECTIONS[bench.size])
    if told.others:
        raise RuntimeError(f"answers that are neither 200 nor 503: {dict(told.others)}")
    return [_table(peak, told, before, during)]


def _peak(port: int, requests: list[bytes], seconds: int) -> float:
    """The closed loop's rate, for about so long."""
    rate = drive(port, requests[:500], 32).rate
    count = int(rate * seconds)
    return drive(port, (requests * (count // len(requests) + 1))[:count], 32).rate


def _table(peak: float, told: Flood, before: int, during: int) -> Table:
    flooded = slice(before, before + during)
    rows = [
        {
            "second": at + 1,
            "load": f"{TIMES if before <= at < before + during else CALM:g} × peak",
            **one._asdict(),
            "of the peak": one.good / peak,
            "p99 ms": 1_000 * quantile(waits, 0.99) if waits else None,
        }
        for at, (one, waits) in enumerate(zip(told.seconds, told.waits, strict=True))
    ]
    goodput = sum(one.good for one in told.seconds[flooded]) / during / peak
    waits = [wait for some in told.waits[flooded] for wait in some]
    words = (
        f"Peak: {peak:,.0f}/s in a closed loop of 32 connections. Calls count in the second in "
        f"which they were due. good: answered within {PATIENCE_S:g} s; turned: 503; unsent: no "
        "connection was free."
    )
    figures = (
        f"Goodput in the flood: {goodput:.0%} of the peak (asked: ≥ 80 %). p50/p90/p99 of its "
        f"answers: {spread(waits) if waits else '–'} ms. {_recovery(told, before, during)} (asked: "
        f"≤ 10 s)."
    )
    return Table(f"overload: {TIMES} times the peak, open loop", rows, (words, figures))


def _recovery(told: Flood, before: int, during: int) -> str:
    """Seconds until a window begins in which all is as before the flood."""
    calm = quantile([wait for some in told.waits[:before] for wait in some], 0.99)
    end, last = before + during, len(told.seconds)
    as_before = (
        f"{ANSWERED:.0%} of {WINDOW_S} s answered and their p99 ≤ {SLOWER:g} × the "
        f"{1_000 * calm:.1f} ms of before"
    )
    for at in range(end, max(end + 1, last - WINDOW_S + 1)):
        seconds = told.seconds[at : at + WINDOW_S]
        waits = [wait for some in told.waits[at : at + WINDOW_S] for wait in some]
        share = sum(one.good for one in seconds) / sum(one.due for one in seconds)
        if share >= ANSWERED and quantile(waits, 0.99) <= SLOWER * calm:
            return f"All is as before {at - end} s after it: {as_before}"
    return f"All was not as before in the {last - end} s after it: {as_before}"
