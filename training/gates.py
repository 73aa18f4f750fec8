"""gates: may a new model serve? Against what serves, on the same test leads, each gate by itself.

A gate that fails refuses the model. One that passes all of them is promoted if it is surely better,
and otherwise may challenge the champion in an experiment: nothing says that it is worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from scoring.retraining import Decision
from training import bootstrap
from training.bootstrap import Figure, Outcome
from training.weighted import LESS_IS_BETTER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Truths = NDArray[np.bool_]

LEAST = 10
"""Test leads won, and lost, with which two models can be compared at all."""
CALIBRATED = 0.03
"""A calibration error up to this is good, whatever the champion's is."""
SLICE_LEAST = 100
"""Leads of a slice that is looked at; `LEAST` of them won, and lost."""
SLICE_FALL = 0.1
"""A slice collapses when its log loss rises surely and by more than this share of itself: of many
slices one is sure to look a little worse by chance."""
MOST_MS = 5.0
"""Of this thread's time for one lead alone."""
MOST_BYTES = 20_000_000
"""Of a model's trees."""


class Answers(NamedTuple):
    """The test leads, a row each, and the new model's propensities of them."""

    won: Truths
    groups: Sequence[str]
    """Leads of one account are one group."""
    chances: Floats
    slices: Mapping[str, Sequence[object]]


class Rival(NamedTuple):
    """What serves now. A champion's `ranks` are its propensities; without one they are priorities
    of rules alone, 0–1, and `chances` the win rate of the leads that taught.
    """

    name: str
    ranks: Floats
    chances: Floats
    is_model: bool


class Cost(NamedTuple):
    """What it takes to serve the new model."""

    one_lead_ms: float
    tree_bytes: int


class Gate(msgspec.Struct, frozen=True):
    """`old` and `new` are figures of the rival and the model; `low` and `high` are the 95 %
    interval of new less old.
    """

    name: str
    passed: bool
    told: str
    surely_better: bool = False
    old: float | None = None
    new: float | None = None
    low: float | None = None
    high: float | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What a model is fit for, and every gate's figures."""

    decision: Decision
    against: str
    reasons: tuple[str, ...]
    gates: tuple[Gate, ...]
    rows: int
    won: int


def judge(tested: Answers, rival: Rival, cost: Cost, seed: int) -> Verdict:
    """PROMOTED, CHALLENGER or REFUSED."""
    won = int(tested.won.sum())
    lost = len(tested.won) - won
    gates = _costs(cost)
    unsure = f"not surely better than {rival.name}"
    if min(won, lost) >= LEAST:
        gates += _figures(tested, rival, seed)
    else:
        unsure = (
            f"{won} test leads were won and {lost} were not: with fewer than {LEAST} of each it "
            f"cannot be compared with {rival.name}"
        )
    failed = tuple(gate.told for gate in gates if not gate.passed)
    better = tuple(gate.told for gate in gates if gate.surely_better)
    decision = Decision.REFUSED if failed else Decision.PROMOTED if better else Decision.CHALLENGER
    reasons = failed or better or (unsure,)
    return Verdict(decision, rival.name, reasons, tuple(gates), len(tested.won), won)


def _costs(cost: Cost) -> list[Gate]:
    ms, size = cost.one_lead_ms, cost.tree_bytes
    told = f"{ms:.2f} ms for one lead, at most {MOST_MS:g}"
    large = f"{size / 1e6:.2f} MB of trees, at most {MOST_BYTES / 1e6:g}"
    return [
        Gate("latency", ms <= MOST_MS, told, new=ms),
        Gate("size", size <= MOST_BYTES, large, new=float(size)),
    ]


def _figures(tested: Answers, rival: Rival, seed: int) -> Iterator[Gate]:
    """Order or chances may make a model better; neither may be surely worse. And nobody may pay for
    a better average: calibration counts, and the slice of leads that lost most.
    """
    everyone = range(len(tested.won))
    chances = _outcome(tested, rival.chances, everyone, seed)
    order = chances if rival.is_model else _outcome(tested, rival.ranks, everyone, seed)
    yield _compare("average_precision", order)
    yield _compare("log_loss", chances)
    if rival.is_model:
        gate = _compare("calibration_error", chances)
        fine = gate.passed or (gate.new or 0.0) <= CALIBRATED
        yield msgspec.structs.replace(gate, passed=fine, surely_better=False)
    slices = [
        _slice(f"{name} {word}", _compare("log_loss", _outcome(tested, rival.chances, rows, seed)))
        for name, word, rows in _parts(tested)
    ]
    yield from sorted(slices, key=lambda gate: (gate.passed, _loss(gate)))[:1]


def _parts(tested: Answers) -> Iterator[tuple[str, str, list[int]]]:
    for name, values in tested.slices.items():
        parts: dict[str, list[int]] = {}
        for row, value in enumerate(values):
            if value is not None:
                parts.setdefault(str(value), []).append(row)
        for word, rows in sorted(parts.items()):
            won = int(tested.won[rows].sum())
            if len(rows) >= SLICE_LEAST and min(won, len(rows) - won) >= LEAST:
                yield name, word, rows


def _slice(name: str, gate: Gate) -> Gate:
    old, new = gate.old or 0.0, gate.new or 0.0
    return msgspec.structs.replace(
        gate,
        name="slices",
        told=f"{name}: {gate.told}",
        passed=gate.passed or new - old <= SLICE_FALL * old,
        surely_better=False,
    )


def _loss(gate: Gate) -> float:
    return (gate.old or 0.0) - (gate.new or 0.0)


def _outcome(tested: Answers, rival: Floats, rows: Sequence[int], seed: int) -> Outcome:
    import numpy as np

    taken = np.asarray(rows)
    return bootstrap.judge(
        tested.won[taken],
        np.zeros(len(taken)),
        [tested.groups[row] for row in rows],
        {"new": tested.chances[taken], "old": rival[taken]},
        seed,
    )


def _compare(metric: str, found: Outcome) -> Gate:
    """Passed unless the new model is surely worse, by the bootstrap by account."""
    old, new = found.models["old"][metric].value, found.models["new"][metric].value
    change = found.differences["old"][metric]
    low, high = _bounds(change)
    words = metric.replace("_", " ")
    told = f"{words} {_number(old)} → {_number(new)} (change {low:+.4f} to {high:+.4f})"
    worse, better = low > 0, high < 0
    if metric not in LESS_IS_BETTER:
        worse, better = better, worse
    return Gate(metric, not worse, told, better, old, new, change.low, change.high)


def _bounds(change: Figure) -> tuple[float, float]:
    """An interval that often has no meaning says nothing."""
    if change.low is None or change.high is None:
        return float("-inf"), float("inf")
    return change.low, change.high


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
