"""Training: the fit alone on generated tables, and the whole way from examples to a version.

Each one is made in a process of its own, so that its peak of memory is its own. Reading features
point in time is measured by `offline`.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks import whole
from benchmarks.bench import SEED, Bench, Size
from benchmarks.table import Cell, Table
from benchmarks.whole import Whole
from training.bootstrap import judge
from training.fit import Effort, Fitted, fit
from training.scorecard import scorecard
from training.table import Table as Lessons

C = TypeVar("C")

COLUMNS = 100
WORDS = 10
TRIALS = 20
THREADS = 1
"""As `leadline train` has by itself: beside other work two threads wait for each other."""
TEST_SHARE = 0.2
NOTE = """Seconds on the clock, and of them at work on a core: what stays equal beside other work.
A search looks at 20,000 rows at most."""


class Case(NamedTuple):
    rows: int
    trials: int
    columns: int = COLUMNS


CASES = {
    Size.TINY: (Case(300, 1),),
    Size.QUICK: (Case(10_000, TRIALS), Case(30_000, TRIALS), Case(100_000, TRIALS)),
    Size.FULL: (Case(10_000, TRIALS), Case(30_000, TRIALS), Case(100_000, TRIALS),
                Case(100_000, 0, 50), Case(100_000, 0), Case(100_000, 0, 200),
                Case(300_000, 0), Case(1_000_000, 0)),
}  # fmt: skip
WHOLE = {
    Size.TINY: (Whole(300, 20, 1, THREADS),),
    Size.QUICK: (Whole(10_000, COLUMNS, TRIALS, THREADS),),
    Size.FULL: (Whole(10_000, COLUMNS, TRIALS, THREADS), Whole(100_000, COLUMNS, TRIALS, THREADS)),
}
WHOLE_NOTE = """From the third step of `leadline train` to its last. The target for 100,000 leads is
300 s and 4 GiB on two cores; `peak MiB` includes the examples."""


def run(bench: Bench) -> list[Table]:
    return [
        Table(
            f"fits with {THREADS} thread, {WORDS} columns of words among them",
            [_alone(measure, case) for case in CASES[bench.size]],
            (
                NOTE,
                "Compare: scorecard, and 500 draws by account of a fifth of the rows.",
            ),
        ),
        Table(
            f"training from examples on with {THREADS} thread",
            [_alone(whole.measure, case) for case in WHOLE[bench.size]],
            (WHOLE_NOTE,),
        ),
    ]


def _alone(work: Callable[[C], dict[str, Cell]], case: C) -> dict[str, Cell]:
    anew = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=anew) as alone:
        return alone.submit(work, case).result()


def measure(case: Case) -> dict[str, Cell]:
    """One table, in this process."""
    table, asked = generate(case.rows, case.columns)
    began, worked = time.perf_counter(), time.process_time()
    fitted = fit(table, SEED, Effort(case.trials, 1e9, THREADS))
    fit_s, fit_core_s = time.perf_counter() - began, time.process_time() - worked
    began = time.perf_counter()
    card = scorecard(table, asked.matrix, SEED)
    told = _told(fitted, asked)
    worth = np.ones(len(asked.won))
    chances = {"model": told, "scorecard": card}
    outcome = judge(asked.won > 0, worth, asked.groups, chances, SEED)
    compare_s = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "rows": case.rows,
        "columns": case.columns,
        "trials": case.trials,
        "search and fit s": fit_s,
        "at work s": fit_core_s,
        "compare s": compare_s,
        "all s": fit_s + compare_s,
        "peak MiB": peak,
        "trees": fitted.tree_count,
        "AUC": outcome.models["model"]["auc"].value,
        "scorecard AUC": outcome.models["scorecard"]["auc"].value,
    }


def generate(rows: int, columns: int = COLUMNS) -> tuple[Lessons, Lessons]:
    """Teaching and test table. Counts are mostly zero, a tenth is missing, ten columns tell."""
    chance = np.random.default_rng(SEED)
    tested = int(rows * TEST_SHARE)
    matrix = chance.poisson(0.7, size=(rows + tested, columns)).astype(np.float64)
    matrix[:, :WORDS] = chance.integers(0, 12, size=(rows + tested, WORDS))
    logits = 0.35 * matrix[:, WORDS : WORDS + 10].sum(axis=1) + 0.1 * matrix[:, 0] - 4.5
    won = (chance.random(rows + tested) < 1 / (1 + np.exp(-logits))).astype(np.float64)
    matrix[chance.random(matrix.shape, dtype=np.float32) < 0.1] = np.nan
    groups = [str(at // 3) for at in range(rows + tested)]
    every = Lessons(matrix, won, np.ones(rows + tested), groups, list(range(WORDS)))
    every = every._replace(at=list(range(rows + tested)))
    return every.take(np.arange(rows)), every.take(np.arange(rows, rows + tested))


def _told(fitted: Fitted, asked: Lessons) -> NDArray[np.float64]:
    import lightgbm

    trees = lightgbm.Booster(model_str=fitted.trees)
    margins = trees.predict(asked.matrix, raw_score=True, num_threads=THREADS)
    return np.array([fitted.calibration.propensity_at(one) for one in np.asarray(margins).tolist()])
