"""report: a built model and the leads of the past → its evaluation, pictures and model card."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import sqlalchemy as sa

from scoring import Scorer
from scoring.card import Card
from scoring.cases import Case, table_of
from scoring.encoding import Encoder
from signals.propensities import rules_in_force
from training.build import Built
from training.dataset import Example
from training.evaluation import OURS, Evaluation, evaluate
from training.model_card import Lessons, ModelCard, write_model_card
from training.plots import MOST_INPUTS, Importance, draw
from training.rules_alone import rules_alone
from training.scorecard import scorecard
from training.slices import slices_of
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EXPLAINED = 300
"""Test leads whose contributions are averaged: two milliseconds each."""
FEW_WON = 30


class Known(NamedTuple):
    """Examples and their cases, of the same leads in the same order, at the evaluated age."""

    examples: Sequence[Example]
    cases: Sequence[Case]

    def of(self, crm_ids: frozenset[str]) -> Known:
        places = [at for at, one in enumerate(self.cases) if one.crm_id in crm_ids]
        return Known([self.examples[at] for at in places], [self.cases[at] for at in places])


def judge(
    engine: sa.Engine,
    built: Built,
    lessons: Sequence[Example],
    tested: Sequence[Example],
    known: Known,
    seed: int,
) -> Evaluation | None:
    """The model beside its trees without the rules' part, a scorecard on the same columns, and the
    rules alone; None without a test lead. What few ends cannot teach is left out.
    """
    from signals.backtest.judge import judge as judge_rules
    from signals.backtest.judged import BANDS

    asked = known.of(frozenset(one.label.crm_id for one in tested))
    if not asked.cases:
        return None
    taught = known.of(frozenset(one.label.crm_id for one in lessons))
    table, rulebook = table_of(asked.cases), rules_in_force(engine)
    matrix = Encoder(built.card.inputs).encode([one.vector for one in asked.examples])
    chances = {OURS: table["propensity"].to_numpy()}
    if not built.fitted.is_constant:
        chances |= _unblended(built, matrix)
        chances["scorecard"] = scorecard(built.table, matrix, seed)
    chances["rules"] = rules_alone(rulebook, table_of(taught.cases), table)
    bands = [BANDS[at] for at in judge_rules(rulebook, table).band.tolist()]
    slices = slices_of(built.card.inputs, [one.vector for one in asked.examples])
    return evaluate(table, [one.group for one in asked.examples], chances, bands, seed, slices)


def _unblended(built: Built, matrix: Floats) -> dict[str, Floats]:
    """The trees without the rules' part, where there is one."""
    import lightgbm
    import numpy as np

    blend = built.card.blend
    if blend is None or blend.rules is None:
        return {}
    margins = lightgbm.Booster(model_str=built.trees).predict(matrix, raw_score=True)
    at = built.card.calibration.propensity_at
    return {"trees": np.array([at(one) for one in np.asarray(margins).tolist()])}


def report(
    folder: Path,
    built: Built,
    card: Card,
    scorer: Scorer,
    lessons: Sequence[Example],
    tested: Sequence[Example],
    evaluation: Evaluation | None,
) -> None:
    """Writes the model card and the plots into `folder`; `card` as it was sealed."""
    told = ModelCard(
        msgspec.structs.replace(card, known_answers=()),
        _lessons(built, lessons),
        evaluation,
        tuple(_caveats(built, evaluation)),
    )
    write_model_card(folder, told, [one.vector.lead_id for one in lessons])
    if evaluation is not None:
        draw(folder, evaluation, _importance(scorer, tested[:EXPLAINED]))


def _lessons(built: Built, lessons: Sequence[Example]) -> Lessons:
    fitted = built.fitted
    leads = {one.label.crm_id: one.label for one in lessons}
    created = [one.created_at for one in leads.values()]
    return Lessons(
        leads=len(leads),
        examples=len(lessons),
        won=sum(one.won for one in leads.values()),
        first_created_at=min(created),
        last_created_at=max(created),
        fingerprint=fingerprint(built.table),
        calibrated_on=fitted.calibrated_on,
        calibration=fitted.calibration.kind,
        calibration_losses=fitted.calibration_losses,
        parameters=fitted.parameters,
        trials=max(0, len(fitted.searched.trials) - 1),
        changed=tuple(f"{name} {value}" for name, value in fitted.searched.chosen.items()),
    )


def fingerprint(table: Table) -> str:
    """SHA-256: the same lessons in the same order have the same one."""
    told = hashlib.sha256()
    for part in (table.matrix, table.won, table.weights):
        told.update(part.tobytes())
    told.update("\n".join(table.groups).encode())
    return told.hexdigest()


def _importance(scorer: Scorer, tested: Sequence[Example]) -> Importance:
    """Mean absolute contribution of each input (Lundberg et al. 2020), the greatest first."""
    scores = scorer.score([one.vector for one in tested], contributions=True)
    sums: dict[str, float] = {}
    for score in scores:
        for name, told in (score.contributions or {}).items():
            sums[name] = sums.get(name, 0.0) + abs(told)
    ordered = sorted(sums.items(), key=lambda pair: -pair[1])[:MOST_INPUTS]
    return [(name, told / len(scores)) for name, told in ordered]


def _of_open(told: Evaluation) -> Iterator[str]:
    """What differs between all test leads and those that would have been scored."""
    there, judged = told.open_then, told.judged
    closed = told.rows - (there.rows if there else 0)
    if closed:
        yield (
            f"{closed:,} of {told.rows:,} test leads had closed by their moment: figures of all "
            "tell of leads that nobody scores any more, and propensities are not fitted to those."
        )
    if there is None:
        yield "No test lead was still open: nothing is known of the leads that will be scored."
    elif closed:
        auc = there.models[OURS]["auc"]
        order = "no AUC" if auc.value is None else f"AUC {auc.value:.3f}"
        rate = there.won / there.rows
        yield (
            f"Of the {there.rows:,} that were still open {rate:.1%} were won, where it told "
            f"{there.told:.1%}; {order}."
        )
        if auc.low is not None and auc.low <= 0.5:
            yield "Among open leads its order is not surely better than chance."
    error, by_chance = judged.models[OURS]["calibration_error"].value, judged.worst_gap_by_chance
    if error is not None and by_chance is not None and error > by_chance:
        whose = "of open leads " if judged is there else ""
        yield f"Its calibration error {whose}of {error:.3f} is more than chance explains."


def _caveats(built: Built, told: Evaluation | None) -> Iterator[str]:
    yield "A chance of being won in the label window, of leads like those that taught it; no cause."
    blend = built.card.blend
    if blend is not None and blend.rules is not None:
        yield (
            f"Taught by {blend.won} leads won and {blend.lost} not: its trees weigh "
            f"{blend.weight:.0%} of a propensity, the priority by the rules in force the rest "
            f"(fitted to version {blend.rules_version})."
        )
    if built.card.taught and built.card.taught.kept:
        yield f"Kept by order although they look like leakage: {built.card.taught.kept}."
    if told is None:
        yield "No lead was left to test it with."
        return
    if told.won < FEW_WON or told.rows - told.won < FEW_WON:
        yield f"Only {told.won} of {told.rows} test leads were won: every figure is mostly chance."
    for name, figures in told.differences.items():
        auc = figures["auc"]
        if auc.value is not None and (auc.low is None or auc.low <= 0):
            side = "above" if auc.value >= 0 else "below"
            yield f"Not surely better than {name}: its AUC is {abs(auc.value):.3f} {side}."
    yield from _of_open(told)
    if len(told.bands) == 1:
        yield f"All test leads are {told.bands[0].name} by the rules in force: bands tell nothing."
    everyone = told.models[OURS]["auc"].value
    for part in told.slices:
        if everyone is not None and part.auc_high is not None and part.auc_high < everyone:
            yield f"Ranks {part.by} {part.name} surely worse than all: AUC {part.auc:.3f}."
