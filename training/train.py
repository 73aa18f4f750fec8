"""label → read → fit → compare → publish → keep: from wins and losses to a model in force."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.errors import WorkError
from core.installation import Installation
from core.locks import held
from core.release import current
from core.settings import Models
from events.attributes import Column
from events.labels import Labels, definition, label
from features.profile import profile_of, write_profile
from scoring import Scorer, registry
from scoring.card import read_card
from scoring.cases import Case, Origin, write_cases
from scoring.watcher import Watcher
from training.build import Built, build, write
from training.cases import cases
from training.columns import choose_columns, kept, read_columns
from training.dataset import Example, examples_at, teaching
from training.evaluation import Evaluation
from training.feature_leaks import check_features
from training.leftovers import WORKING, end_runs, remove_folders
from training.moments import moments
from training.order import Order
from training.publish import publish
from training.report import Known, judge, report
from training.rules_alone import ask_rules
from training.shuffled import shuffled_auc
from training.split import split
from training.stopwatch import Stopwatch
from training.told import (
    Figures,
    evaluate,
    metrics,
    parameters,
    tell_blend,
    tell_silences,
    told_of_model,
    told_of_test,
)

MODEL, EVIDENCE = "model", "evidence"
"""Folders of what is published, and of what is told of it."""

Tell = Callable[[str], None]


class Read(NamedTuple):
    """What a training knows of the past: from here on nothing is asked of the lake."""

    labels: Labels
    found: Sequence[Example]
    """Of every known label, at every declared moment that has passed."""
    columns: dict[str, Column]
    """Those that an import declared."""


class Fitted(NamedTuple):
    """A model that nobody knows of yet, and who taught it."""

    built: Built
    taught: Sequence[Example]
    lessons: Sequence[Example]
    """`taught` without the leads that were closed already, but at the evaluated age: there they are
    asked, and teach the trees."""
    tested: Sequence[Example]
    shuffled_auc: float | None = None


class Compared(NamedTuple):
    cases: Sequence[Case]
    figures: Figures
    evaluation: Evaluation | None


def train(
    installation: Installation,
    engine: sa.Engine,
    models: Models,
    order: Order,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Trains, publishes and (with `promote`) puts a model in force; returns its figures.

    What it knew of each lead is kept as cases of the past, on which edits of rules are tried.
    `tell` hears when the CRM told no ends and which columns look like leakage, a line each before
    anything is learnt, and where ends were few how much is left to the rules.

    WorkError when there is too little to learn from, when a leak stops the run, or when MLflow does
    not take the model. StartError while another training runs in the installation.
    """
    watch = Stopwatch()
    with held(installation.run / "train.lock", "a training"):
        remove_folders(installation)
        read = _read(installation, engine, models, order, watch)
        for line in tell_silences(read.labels):
            tell(line)
        return learn(installation, engine, models, order, read, watch, tell)


def _read(
    installation: Installation, engine: sa.Engine, models: Models, order: Order, watch: Stopwatch
) -> Read:
    with watch.step("label"):
        labels = _labels(engine, models, order.now)
        columns = read_columns(engine)
        kept(order.keep, columns)  # a misspelt column is told before hours are spent
    with watch.step("read"):
        asked = moments(engine, labels.known, definition(models), order.now)
        found = examples_at(installation, engine, asked)
    return Read(labels, found, columns)


def learn(
    installation: Installation,
    engine: sa.Engine,
    models: Models,
    order: Order,
    read: Read,
    watch: Stopwatch,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """`train` from what was read on: fit, compare, publish, keep."""
    with watch.step("fit"):
        fitted = _fit(engine, read, models, order, tell)
    if order.check_leakage and not fitted.built.fitted.is_constant:
        with watch.step("shuffle"):
            told = shuffled_auc(fitted.built.table, order.seed)
            fitted = fitted._replace(shuffled_auc=told)
    with tempfile.TemporaryDirectory(prefix=WORKING, dir=installation.releases) as temporary:
        folder = Path(temporary)
        with watch.step("compare"):
            compared = _compare(engine, models, order, read, fitted, folder)
        with watch.step("publish"):
            version = _publish(installation, models, order, read, fitted, compared, folder)
    with watch.step("keep"):
        _keep(installation, engine, models, order, version, compared.cases)
        if order.promote:
            _promote(installation, engine, version)
    return {
        "name": registry.MODEL_NAME,
        "version": version,
        "promoted": order.promote,
        "shuffled_auc": fitted.shuffled_auc,
        "labels": {"known": len(read.labels.known), "censored": read.labels.censored},
        "examples": len(fitted.taught),
        "cases": len(compared.cases),
        **told_of_test(compared.figures, compared.evaluation),
        **told_of_model(fitted.built, fitted.lessons, models.moment_days),
        "seconds": watch.seconds,
    }


def _labels(engine: sa.Engine, models: Models, now: int) -> Labels:
    labels = label(engine, models.label_days, now, models.undecided)
    if labels.known and all(one.closed_at is None for one in labels.known):
        raise WorkError(
            f"no outcome was ever told: of {len(labels.known):,} leads whose label window is over "
            "no deal has closed, won or lost",
            do="import outcomes with `leadline import outcomes`; rules score without a model until "
            "then",
        )
    if not labels.known:
        raise WorkError(
            "there are no labels to learn from: no lead of the CRM is older than its label "
            f"window of {models.label_days} days ({labels.censored} are younger or undecided, or "
            "nobody told ends in their time)",
            do="import leads and their outcomes; rules score without a model until then",
        )
    return labels


def _fit(engine: sa.Engine, read: Read, models: Models, order: Order, tell: Tell) -> Fitted:
    age = models.moment_days
    taught, tested = split(read.found, order.parts, age)
    lessons = teaching(taught, age)
    keep = kept(order.keep, read.columns)
    source = choose_columns(
        taught, read.columns, keep, models, order.seed, tell, drop=order.drop_leaks
    )
    rules = partial(ask_rules, engine)
    judged = [one for one in lessons if one.age == age]
    also = check_features(judged, keep, models.leak_auc, order.seed, tell)
    source = source.keeping(also)
    built = build(lessons, age, order.seed, order.now, order.effort(models), source, rules)
    if line := tell_blend(built):
        tell(line)
    return Fitted(built, taught, lessons, tested)


def _compare(
    engine: sa.Engine, models: Models, order: Order, read: Read, fitted: Fitted, folder: Path
) -> Compared:
    """Writes the model's files and its evidence into `folder`."""
    built, lessons, tested = fitted.built, fitted.lessons, fitted.tested
    files, evidence = folder / MODEL, folder / EVIDENCE
    write(built, files, {})
    scorer = Scorer.load(files)
    known = [one for one in read.found if one.age == models.moment_days]
    told = cases(engine, known, lessons, built, scorer, models.label_days)
    figures = evaluate(engine, scorer, tested)
    evaluation = judge(engine, built, lessons, tested, Known(known, told), order.seed)
    write(built, files, figures["all"])
    aged = [(one.vector, one.age) for one in lessons if one.age is not None]
    write_profile(files, profile_of([one for one, _ in aged], [age for _, age in aged]))
    evidence.mkdir()
    report(evidence, built, read_card(files), scorer, lessons, tested, evaluation)
    return Compared(told, figures, evaluation)


def _publish(
    installation: Installation,
    models: Models,
    order: Order,
    read: Read,
    fitted: Fitted,
    compared: Compared,
    folder: Path,
) -> str:
    """The version, which no alias points to yet."""
    known = parameters(fitted.built, read.labels, order, models)
    told = metrics(compared.figures, compared.evaluation)
    files, evidence = folder / MODEL, folder / EVIDENCE
    with registry.telling("publish the model", installation):
        end_runs(registry.open_registry(installation))
    return publish(installation, files, known, told, evidence)


def _keep(
    installation: Installation,
    engine: sa.Engine,
    models: Models,
    order: Order,
    version: str,
    told: Sequence[Case],
) -> None:
    """Beside the cases of what serves and of what is tried: they are judged by them."""
    origin = Origin(
        model=registry.MODEL_NAME,
        version=version,
        made_at=order.now,
        moment_days=models.moment_days,
        label_days=models.label_days,
    )
    with registry.telling("read which models are in use", installation):
        spared = set(registry.aliased(registry.open_registry(installation)))
    spared.add(current(engine).model_version or version)
    write_cases(installation, origin, told, spared)


def _promote(installation: Installation, engine: sa.Engine, version: str) -> None:
    """Last of all: what serves has its cases, wherever a training dies."""
    with registry.telling(f"promote version {version}", installation):
        registry.promote(registry.open_registry(installation), version)
    Watcher(installation, engine).look()
