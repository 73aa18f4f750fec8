"""Five times as many score calls as the api can answer: what is answered then, and afterwards."""

from __future__ import annotations

from benchmarks.bench import Bench, Size
from benchmarks.child import serving
from benchmarks.flood import PATIENCE_S, Flood, Second, flood
from benchmarks.load import drive, post
from benchmarks.stream import email_of
from benchmarks.table import Table
from benchmarks.timing import spread
from core.clock import SystemClock
from serving.keys import KeyKind, create
from serving.running.embedded import free_port

TIMES = 5
SECONDS = {Size.TINY: (1, 1, 1), Size.QUICK: (4, 6, 8), Size.FULL: (5, 15, 15)}
"""Of the peak, of the flood, and after it."""
CONNECTIONS = {Size.TINY: 50, Size.QUICK: 1_000, Size.FULL: 2_000}
AFTER = 0.5
"""Of the peak: a load that is no trouble."""


def run(bench: Bench) -> list[Table]:
    """Rules alone: the quicker the answers, the more it costs to turn calls away beside them."""
    place, port = bench.filled, free_port()
    key = create(place.engine, KeyKind.SECRET, SystemClock().now()).key
    requests = [
        post(port, "/v1/score", f'{{"lead":{{"email":"{email_of(one)}"}}}}'.encode(), key)
        for one in range(bench.crowd.people)
    ]
    before, during, after = SECONDS[bench.size]
    command = ("cli", "api", "--data", str(place.installation.root), "--port", str(port))
    log = place.installation.logs / "api.log"
    with serving(command, log, f"http://127.0.0.1:{port}/readyz"):
        drive(port, requests[:200], 16)
        peak = _peak(port, requests, before)
        rates = [TIMES * peak] * during + [AFTER * peak] * after
        told = flood(port, requests, rates, CONNECTIONS[bench.size])
    if told.others:
        raise RuntimeError(f"answers that are neither 200 nor 503: {dict(told.others)}")
    return [_table(peak, told, during)]


def _peak(port: int, requests: list[bytes], seconds: int) -> float:
    """The closed loop's rate, for about so long."""
    rate = drive(port, requests[:500], 32).rate
    count = int(rate * seconds)
    return drive(port, (requests * (count // len(requests) + 1))[:count], 32).rate


def _table(peak: float, told: Flood, during: int) -> Table:
    rows = [
        {
            "second": at + 1,
            "load": f"{TIMES} × peak" if at < during else f"{AFTER:g} × peak",
            **one._asdict(),
            "of the peak": one.good / peak,
        }
        for at, one in enumerate(told.seconds)
    ]
    flooded, after = told.seconds[:during], told.seconds[during:]
    goodput = sum(one.good for one in flooded) / during / peak
    words = (
        f"Peak: {peak:,.0f}/s in a closed loop of 32 connections. good: answered within "
        f"{PATIENCE_S:g} s of being due; turned: 503; unsent: no connection was free."
    )
    figures = (
        f"Goodput in the flood: {goodput:.0%} of the peak (asked: ≥ 80 %). p50/p90/p99 of the good "
        f"ones: {spread(told.waits)} ms. {_recovery(after, AFTER * peak)} (asked: ≤ 10 s)."
    )
    return Table(f"overload: {TIMES} times the peak, open loop", rows, (words, figures))


def _recovery(after: list[Second], rate: float) -> str:
    """Until the first second from which on every call is answered in time."""
    for at in range(len(after)):
        if all(one.good >= 0.98 * rate and not one.turned for one in after[at:]):
            return f"All are answered again after {at} s"
    return "Not all were answered again"
