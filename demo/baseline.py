"""What the model is held against: the same fit on the world's own flat columns.

The flat table holds one row a lead, counted by the world's generator at day 30. Ids, the columns
that its dictionary flags as leakage, `current_stage` and `is_sql` are left out.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.compare import compare
from training.fit import fit
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TASK = "converted_within_90_days"
LEFT_OUT = frozenset({"account_id", "contact_id", "lead_id", "lead_created_at",
                      "current_stage", "is_sql", TASK})  # fmt: skip
PLAIN = {"objective": "binary", "num_leaves": 15, "learning_rate": 0.03, "verbosity": -1,
         "deterministic": True, "force_row_wise": True, "num_threads": 1}  # fmt: skip
PLAIN_TREES = 200

Column = list[Any]


def baseline(folder: Path, seed: int = 7) -> dict[str, float]:
    """auc, average_precision, brier and calibration_error on the world's test leads.

    `folder` is a world that leadforge saved. Trained on its train and valid leads, tuned like the
    model itself; `plain_auc` is of 200 trees with 15 leaves, untuned. No AUC or average precision
    where the test leads all ended the same.
    """
    import numpy as np

    parts = {name: _read(folder, name) for name in ("train", "valid", "test")}
    names = _names(folder, parts["train"])
    learnt = {name: parts["train"][name] + parts["valid"][name] for name in (*names, TASK)}
    codes = {name: _codes(learnt[name]) for name in names}
    matrix, tested = _encode(learnt, names, codes), _encode(parts["test"], names, codes)
    won = np.array(learnt[TASK], dtype=np.float64)
    ended = [bool(one) for one in parts["test"][TASK]]
    words = [at for at, name in enumerate(names) if codes[name]]
    accounts = [str(one) for one in parts["train"]["account_id"] + parts["valid"]["account_id"]]
    fitted = fit(Table(matrix, won, np.ones(len(won)), accounts, words), seed)
    margins = _predict(fitted.trees, tested)
    told = compare(ended, [fitted.calibration.propensity_at(one) for one in margins])
    plain = compare(ended, _plain(matrix, won, words, seed, tested))
    return {**told, **({"plain_auc": plain["auc"]} if "auc" in plain else {})}


def _read(folder: Path, part: str) -> dict[str, Column]:
    import pyarrow.parquet as pq

    columns: dict[str, Column] = pq.read_table(
        folder / "tasks" / TASK / f"{part}.parquet"
    ).to_pydict()
    return columns


def _names(folder: Path, columns: dict[str, Column]) -> list[str]:
    with (folder / "feature_dictionary.csv").open(newline="") as file:
        leaks = {row["name"] for row in csv.DictReader(file) if row["leakage_risk"] == "True"}
    return [name for name in columns if name not in LEFT_OUT | leaks]


def _codes(values: Column) -> dict[str, int]:
    """Word → code; empty for a column of numbers."""
    return {word: at for at, word in enumerate(sorted({v for v in values if isinstance(v, str)}))}


def _encode(
    columns: dict[str, Column], names: list[str], codes: dict[str, dict[str, int]]
) -> Floats:
    import numpy as np

    told = []
    for name in names:
        words = codes[name]
        values = [words.get(value) for value in columns[name]] if words else columns[name]
        told.append(np.array(values, dtype=np.float64))  # None becomes NaN
    return np.column_stack(told)


def _predict(trees: str, matrix: Floats) -> list[float]:
    import lightgbm
    import numpy as np

    margins = lightgbm.Booster(model_str=trees).predict(matrix, raw_score=True)
    told: list[float] = np.asarray(margins).tolist()
    return told


def _plain(matrix: Floats, won: Floats, words: list[int], seed: int, tested: Floats) -> list[float]:
    import lightgbm
    import numpy as np

    table = lightgbm.Dataset(matrix, won, categorical_feature=words)
    grown = lightgbm.train({**PLAIN, "seed": seed}, table, PLAIN_TREES)
    told: list[float] = np.asarray(grown.predict(tested)).tolist()
    return told
