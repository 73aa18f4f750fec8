"""What more features, rules or trees cost a score: one grows, the others stay as they are.

From the vector of a lead to the bytes of its answer. Finding the lead and reading its tiles depend
on none of them; `score` measures these as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from benchmarks.bench import SEED, Bench, Size
from benchmarks.catalogs import catalog
from benchmarks.model import put, release_of
from benchmarks.online import vectors
from benchmarks.table import Cell, Table
from benchmarks.timing import median, side_by_side
from core.release import Release
from features.definitions import FEATURES
from features.vector import FeatureVector
from rules import load_catalog
from scoring import Scorer
from serving.release.inforce import Loaded
from serving.score.assess import assess
from signals.standing import answer

STAYS = {"features": 60, "rules": 50, "trees": 200}
GROWS = {
    "features": (20, 60, len(FEATURES)),
    "rules": (10, 50, 500),
    "trees": (100, 200, 1_000),
}
ALONE = {Size.TINY: 2, Size.QUICK: 50, Size.FULL: 200}
TOGETHER = {Size.TINY: 10, Size.QUICK: 1_000, Size.FULL: 1_000}
ROUNDS = {Size.TINY: 1, Size.QUICK: 3, Size.FULL: 7}

Runs = dict[str, Callable[[], object]]


def run(bench: Bench) -> list[Table]:
    known = vectors(bench.filled.store, bench.pairs())
    many = [known[at % len(known)] for at in range(TOGETHER[bench.size])]
    some = many[: ALONE[bench.size]]
    sizes = [(what, {**STAYS, what: size}) for what, grown in GROWS.items() for size in grown]
    runs: Runs = {}
    for at, (_, size) in enumerate(sizes):
        loaded = _loaded(bench, known, size, str(100 + at))
        runs[f"{at} one"] = partial(_each, loaded, some)
        runs[f"{at} many"] = partial(_score, loaded, many)
    seconds = side_by_side(runs, ROUNDS[bench.size], clock=time.process_time)
    rows: list[dict[str, Cell]] = [
        {
            "grows": what,
            **{name: float(number) for name, number in size.items()},
            "µs a lead": 1e6 * median(seconds[f"{at} one"]) / len(some),
            "µs a lead of a batch": 1e6 * median(seconds[f"{at} many"]) / len(many),
        }
        for at, (what, size) in enumerate(sizes)
    ]
    note = "Microseconds at work on a core, from a lead's features to an answer with short reasons."
    return [Table("growth: what a score costs with more of each", rows, (note,))]


def _loaded(
    bench: Bench, known: Sequence[FeatureVector], size: dict[str, int], version: str
) -> Loaded:
    made = release_of(known, FEATURES[: size["features"]], size["trees"], version)
    scorer = Scorer.load(put(bench.filled.installation, *made))
    return Loaded(Release(1), load_catalog(catalog(size["rules"], SEED)), scorer)


def _each(loaded: Loaded, leads: Sequence[FeatureVector]) -> None:
    for lead in leads:
        _score(loaded, [lead])


def _score(loaded: Loaded, leads: Sequence[FeatureVector]) -> bytes:
    extra = [{"owner": None, "email_domain": None}] * len(leads)
    told = assess(loaded, leads, extra, [None] * len(leads), strongest=True)
    return msgspec.json.encode([answer(one, "short") for one in told])
