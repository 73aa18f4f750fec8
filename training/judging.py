"""A registered version, the champion and the leads that neither was taught with → the verdict."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from core.errors import WorkError
from core.installation import Installation
from core.release import current
from events.labels import label
from scoring import ModelRefused, Scorer, registry
from scoring.card import TREES_FILE, read_card
from scoring.cases import files, read_cases
from scoring.watcher import export
from signals.propensities import propensities, rules_in_force
from training.commands.installed import Installed
from training.dataset import Example, examples
from training.gates import LEAST, Answers, Cost, Rival, Verdict, judge
from training.rules_alone import priorities
from training.slices import slices_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from mlflow import MlflowClient
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CALLS = 100
"""Of one lead each, whose mean is the latency."""


class Past(NamedTuple):
    """The test leads of a new version, and what its teaching leads tell a rival."""

    tested: list[Example]
    table: pa.Table
    """Their cases, in the same order."""
    base: float
    """Win rate of the leads that taught."""
    notes: tuple[str, ...]


def judge_version(
    installed: Installed, client: MlflowClient, version: str, now: int, seed: int
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on a version whose release folder is there, and what to know of its test leads.

    WorkError when training has kept no cases of it.
    """
    import numpy as np

    past = _past(installed, version, now)
    folder = _folder(installed.installation, version)
    scorer = Scorer.load(folder)
    vectors = [one.vector for one in past.tested]
    tested = Answers(
        won=np.array([one.label.won for one in past.tested], dtype=bool),
        groups=[one.group for one in past.tested],
        chances=_chances(installed.engine, scorer, past.tested),
        slices=slices_of(read_card(folder).inputs, vectors),
    )
    cost = Cost(_latency(scorer, past.tested), (folder / TREES_FILE).stat().st_size)
    return judge(tested, _rival(installed, client, past), cost, seed), past.notes


def _folder(installation: Installation, version: str) -> Path:
    return installation.releases / f"{registry.MODEL_NAME}-{version}"


def _past(installed: Installed, version: str, now: int) -> Past:
    """The leads that the new model was not taught with, as training has kept them; and of those
    only such as the champion does not know either, where that can be told.
    """
    import pyarrow.compute as pc

    own = _cases(installed, version)
    if own is None:
        raise WorkError(
            f"version {version} has left no cases to judge it by", do="run `leadline retrain` again"
        )
    test = own.filter(pc.equal(own["propensity_source"], "held_out"))
    taught = own.filter(pc.equal(own["propensity_source"], "out_of_fold"))
    test, notes = _unknown_to_champion(installed, test)
    models = installed.settings.models
    named = set(test["crm_id"].to_pylist())
    known = label(installed.engine, models.label_days, now, models.undecided).known
    labels = [one for one in known if one.crm_id in named]
    ages = (models.moment_days,)
    found = examples(installed.installation, installed.engine, labels, ages, now)
    found, told = _still_open(found)
    place = {crm_id: at for at, crm_id in enumerate(test["crm_id"].to_pylist())}
    table = test.take([place[one.label.crm_id] for one in found])
    base = pc.mean(taught["won"].cast("float64")).as_py()
    return Past(found, table, 0.5 if base is None else base, (*notes, *told))


def _still_open(found: list[Example]) -> tuple[list[Example], tuple[str, ...]]:
    """Those that would have been scored; all of them where too few of these ended one way."""
    there = [one for one in found if not one.closed]
    closed = len(found) - len(there)
    won = sum(one.label.won for one in there)
    if not closed:
        return found, ()
    if min(won, len(there) - won) < LEAST:
        few = f"of those still open {won} were won and {len(there) - won} were not"
        return found, (
            f"{closed} test leads that had closed by their moment are judged too: {few}",
        )
    return there, (f"{closed} test leads are left out: they had closed by their moment",)


def _cases(installed: Installed, version: str | None) -> pa.Table | None:
    name = f"{registry.MODEL_NAME}-{version}.parquet"
    for file in files(installed.installation):
        if file.name == name and (cases := read_cases(file)):
            return cases.table
    return None


def _unknown_to_champion(installed: Installed, test: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    import pyarrow.compute as pc

    version = current(installed.engine).model_version
    if version is None:
        return test, ()
    its = _cases(installed, version)
    if its is None:
        told = f"champion {version} may have been taught with test leads: its cases are gone"
        return test, (told,)
    taught = its.filter(pc.equal(its["propensity_source"], "out_of_fold"))["crm_id"]
    known = pc.is_in(test["crm_id"], value_set=taught.combine_chunks())
    unknown: pa.Table = test.filter(pc.invert(known))
    if unknown.num_rows == test.num_rows:
        return test, ()
    gone = test.num_rows - unknown.num_rows
    return unknown, (f"{gone} test leads are left out: champion {version} was taught with them",)


def _chances(engine: sa.Engine, scorer: Scorer, tested: Sequence[Example]) -> Floats:
    import numpy as np

    told = propensities(engine, scorer, [one.vector for one in tested])
    return np.array(told, dtype=np.float64)


def _latency(scorer: Scorer, tested: Sequence[Example]) -> float:
    """Milliseconds of this thread for one lead: a busy machine does not refuse a model."""
    asked = [one.vector for one in tested[:CALLS]]
    began = time.thread_time()
    for vector in asked:
        scorer.score([vector])
    return 1_000 * (time.thread_time() - began) / max(1, len(asked))


def _rival(installed: Installed, client: MlflowClient, past: Past) -> Rival:
    """The champion; rules and the base rate where there is none that could be loaded."""
    version = current(installed.engine).model_version
    if version is not None:
        try:
            export(installed.installation, client, version)
            scorer = Scorer.load(_folder(installed.installation, version))
            chances = _chances(installed.engine, scorer, past.tested)
            return Rival(f"champion {version}", chances, chances, is_model=True)
        except ModelRefused:
            pass  # nobody can serve it: what a new model has to beat is what serves without it
    return _rules(installed, past)


def _rules(installed: Installed, past: Past) -> Rival:
    import numpy as np

    ranks = priorities(rules_in_force(installed.engine), past.table) / 100
    constant = np.full(len(past.tested), past.base)
    return Rival("rules alone and the average win rate", ranks, constant, is_model=False)
