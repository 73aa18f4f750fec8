"""label → fit → compare → publish → keep: from wins and losses to a model in force."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from core.errors import WorkError
from core.installation import Installation
from core.settings import Models
from events.labels import Labels, definition, label
from features.profile import profile_of, write_profile
from scoring import Scorer
from scoring.card import LeftOut, read_card
from scoring.cases import Origin, write_cases
from scoring.registry import MODEL_NAME
from scoring.watcher import Watcher
from training.build import Built, build, write
from training.cases import cases
from training.columns import choose_columns, kept, read_columns
from training.compare import compare
from training.dataset import Example, examples, teaching
from training.evaluation import OURS, Evaluation
from training.fit import Effort
from training.publish import publish
from training.report import Known, judge, report
from training.shuffled import shuffled_auc
from training.split import split


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `now` in microseconds, UTC."""

    now: int
    parts: dict[str, str] | None = None
    """Crm id → teach or test; None splits by time and account."""
    promote: bool = True
    seed: int = 7
    threads: int = 1
    trials: int | None = None
    """Other parameters of the trees to try; None as the settings say."""
    keep: tuple[str, ...] = ()
    """Columns of the CRM (their names, or ours) that stay although they look like leakage."""
    drop_leaks: bool = True
    """False stops the run where a column looks like leakage, instead of leaving it out."""
    check_leakage: bool = False
    """Before anything is published, try to learn shuffled ends: it must not work."""


class Stopwatch:
    """Seconds of each step, by its verb."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, verb: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[verb] = round(time.monotonic() - began, 2)


def train(
    installation: Installation,
    engine: sa.Engine,
    models: Models,
    order: Order,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Trains, publishes and (with `promote`) puts a model in force; returns its figures.

    What it knew of each lead is kept as cases of the past, on which edits of rules are tried.
    `tell` hears, before anything is learnt, which columns look like leakage, a line each.

    WorkError when there is too little to learn from, when a leak stops the run, or when MLflow does
    not take the model.
    """
    watch = Stopwatch()
    age = models.moment_days
    with watch.step("label"):
        labels = _labels(engine, models, order.now)
        columns = read_columns(engine)
        keep = kept(order.keep, columns)
    with watch.step("read"):
        ages = definition(models).ages_days
        found = examples(installation, engine, labels.known, ages, order.now)
    with watch.step("fit"):
        taught, tested = split(found, order.parts, age)
        lessons = teaching(taught, age)
        source = choose_columns(
            lessons, columns, keep, models, order.seed, tell, drop=order.drop_leaks
        )
        built = build(lessons, age, order.seed, order.now, _effort(models, order), source)
    shuffled = None
    if order.check_leakage:
        with watch.step("shuffle"):
            shuffled = shuffled_auc(built.table, order.seed)
    with tempfile.TemporaryDirectory(prefix=".train-", dir=installation.releases) as temporary:
        files, evidence = Path(temporary) / "model", Path(temporary) / "evidence"
        evidence.mkdir()
        with watch.step("compare"):
            write(built, files, {})
            scorer = Scorer.load(files)
            known = [one for one in found if one.age == age]
            told = cases(engine, known, lessons, built, scorer, models.label_days)
            figures = _evaluate(scorer, tested)
            past = Known(known, told)
            evaluation = judge(engine, built, lessons, tested, past, order.seed)
            write(built, files, figures["all"])
            write_profile(files, profile_of([one.vector for one in lessons]))
            report(evidence, built, read_card(files), scorer, lessons, tested, evaluation)
        with watch.step("publish"):
            parameters = _parameters(built, labels, order, models)
            metrics = {**_flat(figures), **_beside(evaluation)}
            version = publish(installation, files, parameters, metrics, order.promote, evidence)
            Watcher(installation, engine).look()
        with watch.step("keep"):
            write_cases(installation, _origin(version, order, models), told)
    return {
        "name": MODEL_NAME,
        "version": version,
        "promoted": order.promote,
        "test": figures["all"],
        "cross_validated": _cross_validated(lessons, built, age),
        "baselines": _baselines(evaluation),
        "shuffled_auc": shuffled,
        "differences": _differences(evaluation),
        "test_closed_by_then": figures["closed_by_then"],
        "test_open_then": figures["open_then"],
        "labels": {"known": len(labels.known), "censored": labels.censored},
        "left_out": msgspec.to_builtins(source.taught.left_out),
        "kept": list(source.taught.kept),
        "examples": len(taught),
        "trees": built.fitted.tree_count,
        "features": len(built.card.inputs),
        "trials": len(built.fitted.searched.trials),
        "parameters": built.fitted.searched.chosen,
        "calibration": built.fitted.calibration.kind,
        "cases": len(told),
        "seconds": watch.seconds,
    }


def _baselines(evaluation: Evaluation | None) -> dict[str, Any]:
    """Model, scorecard and rules alone: each figure with its 95 % interval by account."""
    return msgspec.to_builtins(evaluation.models) if evaluation else {}


def _differences(evaluation: Evaluation | None) -> dict[str, Any]:
    return msgspec.to_builtins(evaluation.differences) if evaluation else {}


def _beside(evaluation: Evaluation | None) -> dict[str, float]:
    """For MLflow: `scorecard.auc` and so on, and what the model has beside `compare`."""
    models = evaluation.models if evaluation else {}
    return {
        metric if name == OURS else f"{name}.{metric}": figure.value
        for name, figures in models.items()
        for metric, figure in figures.items()
        if figure.value is not None
    }


def _effort(models: Models, order: Order) -> Effort:
    trials = models.trials if order.trials is None else order.trials
    return Effort(trials, models.search_s, order.threads)


def _origin(version: str, order: Order, models: Models) -> Origin:
    return Origin(
        model=MODEL_NAME,
        version=version,
        made_at=order.now,
        moment_days=models.moment_days,
        label_days=models.label_days,
    )


def _cross_validated(lessons: Sequence[Example], built: Built, age: int) -> dict[str, float]:
    """Of the teaching leads at the evaluated age, by trees that saw neither them nor their account:
    what a random split would show, were time no matter.
    """
    at = built.card.calibration.propensity_at
    pairs = [
        (one.label.won, at(margin))
        for one, margin in zip(lessons, built.fitted.margins.tolist(), strict=True)
        if one.age == age
    ]
    return compare([won for won, _ in pairs], [chance for _, chance in pairs])


def _labels(engine: sa.Engine, models: Models, now: int) -> Labels:
    labels = label(engine, models.label_days, now, models.undecided)
    if not labels.known:
        raise WorkError(
            "there are no labels to learn from: no lead of the CRM is older than its label "
            f"window of {models.label_days} days ({labels.censored} are younger or undecided)",
            do="import leads and their outcomes; rules score without a model until then",
        )
    return labels


def _evaluate(scorer: Scorer, tested: Sequence[Example]) -> dict[str, dict[str, float]]:
    """By the scorer that serves: of all test leads, of those closed by then, and of the rest."""
    scores = scorer.score([one.vector for one in tested])
    pairs = list(zip(tested, (score.propensity for score in scores), strict=True))
    kinds = {
        "all": pairs,
        "closed_by_then": [pair for pair in pairs if pair[0].closed],
        "open_then": [pair for pair in pairs if not pair[0].closed],
    }
    return {
        name: compare([one.label.won for one, _ in chosen], [chance for _, chance in chosen])
        for name, chosen in kinds.items()
    }


def _flat(figures: dict[str, dict[str, float]]) -> dict[str, float]:
    """MLflow's metrics have no groups: `auc`, `open_then.auc` and so on."""
    return {
        name if kind == "all" else f"{kind}.{name}": figure
        for kind, told in figures.items()
        for name, figure in told.items()
    }


def _parameters(
    built: Built, labels: Labels, order: Order, models: Models
) -> dict[str, str | int | float]:
    return {
        **built.fitted.parameters,
        "trees": built.fitted.tree_count,
        "seed": order.seed,
        "ages": ",".join(str(age) for age in definition(models).ages_days),
        "label_fingerprint": definition(models).fingerprint,
        "left_out": ",".join(leak.name for leak in _left_out(built))[:500],
        "label_days": models.label_days,
        "moment_days": models.moment_days,
        "labels_known": len(labels.known),
        "labels_censored": labels.censored,
        "features": len(built.card.inputs),
        "features_digest": built.card.features_digest,
    }


def _left_out(built: Built) -> tuple[LeftOut, ...]:
    return built.card.taught.left_out if built.card.taught else ()
