"""compare: labels and propensities → how good a model is. Same figures for every model."""

from __future__ import annotations

from collections.abc import Sequence

from training.single import interval

BINS = 10


def compare(won: Sequence[bool], propensities: Sequence[float]) -> dict[str, float]:
    """AUC with its 95 % interval, average precision, Brier score, calibration error, rows and wins.

    AUC and average precision are left out where all ended the same: they are not defined there.
    """
    import numpy as np
    from sklearn.metrics import average_precision_score, roc_auc_score

    told = {"rows": float(len(won)), "won": float(sum(won))}
    if not won:
        return told
    labels, scores = np.asarray(won, dtype=float), np.asarray(propensities, dtype=float)
    if 0 < labels.sum() < len(labels):
        told["auc"] = float(roc_auc_score(labels, scores))
        ended = int(labels.sum())
        told["auc_low"], told["auc_high"] = interval(told["auc"], ended, len(labels) - ended)
        told["average_precision"] = float(average_precision_score(labels, scores))
    told["told"] = float(scores.mean())
    told["brier"] = float(((scores - labels) ** 2).mean())
    told["calibration_error"] = calibration_error(won, propensities)
    return told


def calibration_error(won: Sequence[bool], propensities: Sequence[float]) -> float:
    """Expected calibration error over ten bins of equal size (Nixon et al. 2019)."""
    import numpy as np

    order = np.argsort(np.asarray(propensities), kind="stable")
    labels = np.asarray(won, dtype=float)[order]
    scores = np.asarray(propensities, dtype=float)[order]
    parts = zip(np.array_split(labels, BINS), np.array_split(scores, BINS), strict=True)
    gaps = [abs(ended.mean() - told.mean()) * len(ended) for ended, told in parts if len(ended)]
    return float(sum(gaps) / len(labels))
