"""Which of our own features know the end already: then something of the past is told too late.

An imported column that leaks is left out, and training goes on. A feature of ours that leaks is a
fault, of a source that sends outcomes as behaviour or dates them back: other features may come from
the same events, so leaving one out would hide it. The run stops, unless it is kept by order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from core.errors import Problem, WorkError
from training.dataset import CANDIDATES, Example
from training.single import single_auc

ALONE = 0.85
"""From here on a feature is reported: an honest one hardly tells so much by itself."""


class Suspect(NamedTuple):
    """`auc` of the feature by itself, and the lower end of its 95 % interval."""

    name: str
    auc: float
    low: float

    @property
    def words(self) -> str:
        return f"{self.name}: tells much of the end all by itself (AUC {self.auc:.3f})"


def find_suspects(examples: Sequence[Example], seed: int) -> list[Suspect]:
    """The features that tell more than `ALONE` by themselves, the strongest first.

    `examples` are of the teaching part, one a lead. Nothing is found where all ended the same.
    """
    import numpy as np

    won = np.array([one.label.won for one in examples], dtype=bool)
    if not 0 < won.sum() < len(won):
        return []
    found = []
    for name in CANDIDATES:
        values = [one.vector.values[name] for one in examples]
        if any(value != values[0] for value in values):
            alone = single_auc(values, won, seed)
            if alone.auc >= ALONE:
                found.append(Suspect(name, alone.auc, alone.low))
    return sorted(found, key=lambda one: (-one.auc, one.name))


def check_features(
    examples: Sequence[Example],
    keep: Collection[str],
    limit: float,
    seed: int,
    tell: Callable[[str], None],
) -> tuple[str, ...]:
    """Tells each suspicious feature; returns those surely above the limit that are kept by order.

    WorkError, naming them all, when others are: of few leads chance makes a high AUC too.
    """
    found = find_suspects(examples, seed)
    above = [one for one in found if one.low >= limit]
    stop = [one for one in above if one.name not in keep]
    for one in found:
        if one not in stop:
            tell(f"{'kept, by order' if one in above else 'suspicious'}: {one.words}")
    if stop:
        raise WorkError(
            f"{len(stop)} features look like leakage, and nothing was trained",
            problems=[Problem("", one.words) for one in stop],
            do="look for events that tell of the end before it is known, or are dated back; if it "
            "is honest, keep a feature with --keep FEATURE",
        )
    return tuple(one.name for one in above)
