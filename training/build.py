"""Examples → a model's two files: which columns it reads, its trees, its passport."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from core.errors import WorkError
from events.attributes import Column
from features.definitions import BY_FEATURE, digest
from features.profile import AGE
from scoring.blend import Blend
from scoring.card import (
    TREES_FILE,
    Card,
    Input,
    KnownAnswer,
    Taught,
    seal,
    write_card,
)
from scoring.encoding import Encoder
from scoring.registry import MODEL_NAME
from training.blend import blend, is_needed
from training.dataset import CANDIDATES, Example, weight_of
from training.fit import Effort, Fitted, check_classes, fit
from training.table import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scoring.encoding import Matrix

    Floats = NDArray[np.float64]

MOST_WORDS = 100
"""Of one feature; rarer words count as unknown."""

BLANK_WEIGHT = 0.05
"""Of a row without the CRM's columns, against the same row with them."""

KNOWN_ANSWERS = 8


class Built(NamedTuple):
    card: Card
    trees: str
    fitted: Fitted
    table: Table
    """What it was fitted to, without the rows that stand for visitors."""
    logits: Floats
    """Log-odds of each row's propensity as it is served, out of fold. Of rows at other ages than
    the evaluated one the trees' part alone."""


class Ruled(NamedTuple):
    """What the rules in force make of examples, without a model."""

    priorities: Floats
    """0–100."""
    version: int


AskRules = Callable[[Sequence[Example]], Ruled]


class Source(NamedTuple):
    """Columns of the CRM that may be read beside the features, and what the card tells of them."""

    columns: Mapping[str, Column]
    taught: Taught
    rising: frozenset[str] = frozenset()
    """Inputs with which the propensity may only rise; with `falling`, only fall."""
    falling: frozenset[str] = frozenset()

    def keeping(self, names: Sequence[str]) -> Source:
        """With more that looked like leakage and was kept by order."""
        kept = (*self.taught.kept, *names)
        return self._replace(taught=msgspec.structs.replace(self.taught, kept=kept))


def build(
    examples: Sequence[Example],
    evaluated_age: int,
    seed: int,
    now: int,
    effort: Effort = Effort(),  # noqa: B008 - immutable
    source: Source | None = None,
    ask_rules: AskRules | None = None,
) -> Built:
    """Fits a model of the examples. WorkError when all ended the same.

    Where few ended one way, `ask_rules` is asked of the examples at the evaluated age, and the
    rules are given their part of the propensity.
    """
    inputs = choose_inputs(examples, source.columns if source else {})
    if not inputs:
        raise WorkError(
            f"all {len(examples):,} examples are alike: every feature is constant or missing",
            do="see `leadline features health`: events of these leads have not come, or came under "
            "other identifiers than the CRM's",
        )
    matrix = Encoder(inputs).encode([one.vector for one in examples])
    table = _constrain(_table(examples, inputs, matrix, evaluated_age), inputs, source)
    check_classes(table)
    fitted = fit(_with_blanks(table, inputs), seed, effort)
    fitted = fitted._replace(margins=fitted.margins[: len(examples)])
    blended, logits = _blend(examples, evaluated_age, table, fitted, seed, ask_rules)
    card = Card(
        name=MODEL_NAME,
        trained_at=now,
        inputs=inputs,
        features_digest=digest(tuple(one.name for one in inputs if not one.is_custom)),
        calibration=fitted.calibration,
        trees_sha256=hashlib.sha256(fitted.trees.encode()).hexdigest(),
        known_answers=_known_answers(fitted.trees, matrix[:KNOWN_ANSWERS]),
        metrics={},
        taught=source.taught if source else None,
        blend=blended,
    )
    return Built(card, fitted.trees, fitted, table, logits)


def _blend(
    examples: Sequence[Example],
    evaluated_age: int,
    table: Table,
    fitted: Fitted,
    seed: int,
    ask_rules: AskRules | None,
) -> tuple[Blend | None, Floats]:
    """What rules say beside the trees, and the log-odds of each row with it."""
    import numpy as np

    at = fitted.calibration.logit_at
    logits = np.array([at(margin) for margin in fitted.margins.tolist()])
    rows = np.array([row for row, one in enumerate(examples) if one.age == evaluated_age], int)
    if ask_rules is None or not len(rows):
        return None, logits
    ends = table.ends()
    if fitted.logits is None or not is_needed(ends):
        return Blend(won=ends[0], lost=ends[1]), logits
    ruled = ask_rules([examples[row] for row in rows])
    teach = table.open_weights()[rows] > 0
    if not teach.any():
        return Blend(won=ends[0], lost=ends[1]), logits
    told, priorities = rows[teach], ruled.priorities[teach]
    groups = [table.groups[row] for row in told]
    found = blend(
        fitted.logits[told], priorities, table.won[told], groups, seed, ruled.version, ends
    )
    line, weight = found.blend.rules, found.blend.weight
    margins = np.array([line.logit_at(one) if line else 0.0 for one in ruled.priorities.tolist()])
    margins[teach] = found.margins
    logits[rows] = weight * logits[rows] + (1 - weight) * margins
    return found.blend, logits


def choose_inputs(
    examples: Sequence[Example], columns: Mapping[str, Column] | None = None
) -> tuple[Input, ...]:
    """The candidates that vary among the examples; words in alphabetical order."""
    chosen = []
    candidates = {name: BY_FEATURE[name].is_word for name in CANDIDATES}
    candidates |= {name: column.kind.is_word for name, column in (columns or {}).items()}
    for name, is_word in candidates.items():
        seen = Counter(one.vector.values[name] for one in examples)
        if len(seen) < 2:
            continue
        if not is_word:
            chosen.append(Input(name))
            continue
        frequent = (word for word, _ in seen.most_common(MOST_WORDS + 1) if word is not None)
        chosen.append(Input(name, tuple(sorted(str(word) for word in frequent))[:MOST_WORDS]))
    return tuple(chosen)


def _table(
    examples: Sequence[Example], inputs: Sequence[Input], matrix: Matrix, evaluated_age: int
) -> Table:
    import numpy as np

    return Table(
        matrix=matrix,
        won=np.array([one.label.won for one in examples], dtype=np.float64),
        weights=np.array([weight_of(one, evaluated_age) for one in examples]),
        groups=[one.group for one in examples],
        words=[column for column, one in enumerate(inputs) if one.words is not None],
        at=[one.label.created_at for one in examples],
        leads=[one.label.crm_id for one in examples],
        closed=np.array([one.closed for one in examples], dtype=bool),
        ages=np.array(
            [np.nan if one.age is None else one.age for one in examples], dtype=np.float64
        ),
        age_column=next((at for at, one in enumerate(inputs) if one.name == AGE), None),
    )


def _constrain(table: Table, inputs: Sequence[Input], source: Source | None) -> Table:
    if source is None:
        return table
    return table._replace(
        rising=[column for column, one in enumerate(inputs) if one.name in source.rising],
        falling=[column for column, one in enumerate(inputs) if one.name in source.falling],
    )


def _with_blanks(table: Table, inputs: Sequence[Input]) -> Table:
    """Each row once more without the CRM's columns, in the same group and of little weight: else
    the trees would take a visitor of whom the CRM knows nothing for a lead with zeros.
    """
    import numpy as np

    theirs = [column for column, one in enumerate(inputs) if one.is_custom]
    if not theirs:
        return table
    blank = table.matrix.copy()
    blank[:, theirs] = np.nan
    return table._replace(
        matrix=np.vstack([table.matrix, blank]),
        won=np.concatenate([table.won, table.won]),
        weights=np.concatenate([table.weights, table.weights * BLANK_WEIGHT]),
        groups=[*table.groups, *table.groups],
        at=None if table.at is None else [*table.at, *table.at],
        leads=None if table.leads is None else [*table.leads, *table.leads],
        closed=None if table.closed is None else np.concatenate([table.closed, table.closed]),
        ages=None if table.ages is None else np.concatenate([table.ages, table.ages]),
    )


def _known_answers(trees: str, rows: Matrix) -> tuple[KnownAnswer, ...]:
    import lightgbm
    import numpy as np

    margins = lightgbm.Booster(model_str=trees).predict(rows, raw_score=True, num_threads=1)
    return tuple(
        KnownAnswer(tuple(None if np.isnan(value) else float(value) for value in row), margin)
        for row, margin in zip(rows, np.asarray(margins).tolist(), strict=True)
    )


def write(built: Built, folder: Path, metrics: dict[str, float]) -> None:
    """The files that `scoring.Scorer.load` reads, the card with its metrics and digest."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TREES_FILE).write_bytes(built.trees.encode())
    write_card(folder, seal(msgspec.structs.replace(built.card, metrics=metrics)))
