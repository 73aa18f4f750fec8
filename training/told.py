"""What a training tells of itself: to its caller, and to MLflow as parameters and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from core.clock import to_iso
from core.settings import Models
from events.labels import Labels, definition
from scoring import Scorer
from scoring.blend import chance_at
from scoring.card import Taught
from signals.propensities import propensities
from training.accounts import evaluate_accounts
from training.build import Built
from training.compare import compare
from training.dataset import Example
from training.evaluation import OURS, Evaluation
from training.order import Order

Figures = dict[str, dict[str, float]]
"""Of all test leads, of those closed by then, and of the rest; then of their accounts, by each way
of telling an account's chance. Each as `training.compare`.
"""
_ACCOUNTS = "accounts."


def evaluate(engine: sa.Engine, scorer: Scorer, tested: Sequence[Example]) -> Figures:
    """By the scorer that serves, and where it asks them the rules in force."""
    chances = propensities(engine, scorer, [one.vector for one in tested])
    pairs = list(zip(tested, chances, strict=True))
    kinds = {
        "all": pairs,
        "closed_by_then": [pair for pair in pairs if pair[0].closed],
        "open_then": [pair for pair in pairs if not pair[0].closed],
    }
    told = {
        name: compare([one.label.won for one, _ in chosen], [chance for _, chance in chosen])
        for name, chosen in kinds.items()
    }
    by_way = evaluate_accounts(tested, chances)
    return told | {f"{_ACCOUNTS}{way}": figures for way, figures in by_way.items()}


def told_of_test(figures: Figures, evaluation: Evaluation | None) -> dict[str, Any]:
    """`baselines`: model, scorecard and rules alone, each figure with its 95 % interval by account;
    `differences`: how far the model is above each of the others.
    """
    return {
        "test": figures["all"],
        "test_closed_by_then": figures["closed_by_then"],
        "test_open_then": figures["open_then"],
        "accounts": {
            name.removeprefix(_ACCOUNTS): told
            for name, told in figures.items()
            if name.startswith(_ACCOUNTS)
        },
        "baselines": msgspec.to_builtins(evaluation.models) if evaluation else {},
        "differences": msgspec.to_builtins(evaluation.differences) if evaluation else {},
    }


def told_of_model(built: Built, lessons: Sequence[Example], age: int) -> dict[str, Any]:
    """What it was made of. `lessons` taught it; `age` is the one that is evaluated."""
    taught, fitted = _taught(built), built.fitted
    return {
        "cross_validated": _cross_validated(lessons, built, age),
        "left_out": msgspec.to_builtins(taught.left_out),
        "kept": list(taught.kept),
        "trees": fitted.tree_count,
        "features": len(built.card.inputs),
        "trials": len(fitted.searched.trials),
        "parameters": fitted.searched.chosen,
        "calibration": fitted.calibration.kind,
        "blend": msgspec.to_builtins(built.card.blend),
    }


def tell_silences(labels: Labels) -> list[str]:
    """Lines for people where the CRM told no ends for a time: what teaches is older than it."""
    return [
        f"no ends: from {to_iso(one.begin)[:10]} to {to_iso(one.end)[:10]} the CRM told of "
        f"{one.told} closings where {one.expected:.0f} were to be expected; leads whose label "
        "window ran then are censored, not lost (import the outcomes of that time if there are any)"
        for one in labels.silences
    ]


def tell_blend(built: Built) -> str | None:
    """A line for people where few ends taught the model."""
    blend = built.card.blend
    if blend is None or blend.rules is None:
        return None
    counts = f"{blend.won} teaching leads were won and {blend.lost} were not"
    if not blend.weight:
        return f"{counts}: too few to teach trees, the rules say the whole propensity"
    return f"{counts}: the trees weigh {blend.weight:.0%} of a propensity, the rules the rest"


def _cross_validated(lessons: Sequence[Example], built: Built, age: int) -> dict[str, float]:
    """Of the teaching leads that were open at the evaluated age, by trees that saw neither them nor
    their account: what a random split would show, were time no matter.
    """
    pairs = [
        (one.label.won, chance_at(logit))
        for one, logit in zip(lessons, built.logits.tolist(), strict=True)
        if one.age == age and not one.closed
    ]
    return compare([won for won, _ in pairs], [chance for _, chance in pairs])


def metrics(figures: Figures, evaluation: Evaluation | None) -> dict[str, float]:
    """MLflow's metrics have no groups: `auc`, `open_then.auc`, `scorecard.auc` and so on."""
    told = {
        name if kind == "all" else f"{kind}.{name}": figure
        for kind, figures_of_kind in figures.items()
        for name, figure in figures_of_kind.items()
    }
    models = evaluation.models if evaluation else {}
    beside = {
        metric if name == OURS else f"{name}.{metric}": figure.value
        for name, figures_of_model in models.items()
        for metric, figure in figures_of_model.items()
        if figure.value is not None
    }
    return {**told, **beside}


def parameters(
    built: Built, labels: Labels, order: Order, models: Models
) -> dict[str, str | int | float]:
    """What MLflow keeps of how the model was made."""
    return {
        **built.fitted.parameters,
        "trees": built.fitted.tree_count,
        "weight": built.card.blend.weight if built.card.blend else 1.0,
        "seed": order.seed,
        "ages": ",".join(str(age) for age in definition(models).ages_days),
        "at_stages": models.at_stages,
        "at_signals": models.at_signals,
        "label_fingerprint": definition(models).fingerprint,
        "left_out": ",".join(leak.name for leak in _taught(built).left_out)[:500],
        "label_days": models.label_days,
        "moment_days": models.moment_days,
        "labels_known": len(labels.known),
        "labels_censored": labels.censored,
        "features": len(built.card.inputs),
        "features_digest": built.card.features_digest,
    }


def _taught(built: Built) -> Taught:
    return built.card.taught or Taught(label={}, label_fingerprint="")
