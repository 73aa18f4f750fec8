"""The plain way to serve a score: a BentoML endpoint that asks Feast for columns and predicts.

`bentoml serve benchmarks.plain:Plain` with BENCH_FLAT, BENCH_REDIS and BENCH_TREES in the
environment. It answers a probability and nothing else: no identifiers, rules, bands or reasons.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["BENTOML_DO_NOT_TRACK"] = "true"

import bentoml

from benchmarks.flat import columns_of, open_flat, read_flat
from features.definitions import Entity


@bentoml.service(workers=1, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Plain:
    """One model over the flat layout's 120 columns."""

    def __init__(self) -> None:
        import lightgbm

        self._store = open_flat(Path(os.environ["BENCH_FLAT"]), os.environ["BENCH_REDIS"])
        self._booster = lightgbm.Booster(model_file=os.environ["BENCH_TREES"])
        self._columns = [name for entity in Entity for name in columns_of(entity)]

    @bentoml.api  # type: ignore[untyped-decorator]
    def score(self, lead_ids: list[str], account_ids: list[str]) -> list[float]:
        """The propensity of each lead, in order."""
        import numpy as np

        pairs = list(zip(lead_ids, account_ids, strict=True))
        told = read_flat(self._store, pairs)
        rows = np.array([told[name] for name in self._columns], dtype=np.float64).T
        return [float(one) for one in self._booster.predict(rows, num_threads=1)]
