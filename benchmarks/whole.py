"""The whole training from examples on: fit with its search, comparison, card, pictures, MLflow.

The code of `leadline train` from its third step to its last, in an installation of its own.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.bench import SEED
from benchmarks.past import NOW, past_of
from benchmarks.table import Cell
from core.database import open_record
from core.installation import Installation
from core.settings import Models
from training.order import Order
from training.stopwatch import Stopwatch
from training.train import learn

AGE = 30


class Whole(NamedTuple):
    leads: int
    features: int
    trials: int
    threads: int


def measure(case: Whole) -> dict[str, Cell]:
    """One training, in this process. `peak MiB` includes the examples."""
    read = past_of(case.leads, case.features, AGE)
    watch, models = Stopwatch(), Models(moment_days=AGE, search_s=1e9)
    order = Order(now=NOW, seed=SEED, trials=case.trials, threads=case.threads)
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder)).create()
        engine = open_record(installation.record_db)
        began, worked = time.perf_counter(), time.process_time()
        told = learn(installation, engine, models, order, read, watch)
        spent, core_s = time.perf_counter() - began, time.process_time() - worked
        engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "leads": case.leads,
        "features": told["features"],
        "trials": case.trials,
        **{f"{verb} s": told["seconds"][verb] for verb in ("fit", "compare", "publish", "keep")},
        "all s": spent,
        "at work s": core_s,
        "peak MiB": peak,
        "trees": told["trees"],
        "AUC": told["test"]["auc"],
    }
