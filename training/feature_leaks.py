"""Which of our own features know the end already: then something of the past is told too late.

An imported column that leaks is left out, and training goes on. A feature of ours that leaks is a
fault, of a source that sends outcomes as behaviour or dates them back: other features may come from
the same events, so leaving one out would hide it. The run stops, unless it is kept by order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from core.errors import Problem, WorkError
from scoring.card import LeftOut
from training.dataset import CANDIDATES, Example
from training.single import single_auc

ALONE = 0.85
"""From here on a feature is reported: an honest one hardly tells so much by itself."""


def find_feature_leaks(examples: Sequence[Example], seed: int) -> list[LeftOut]:
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
                told = f"tells much of the end all by itself (AUC {alone.auc:.3f})"
                found.append(LeftOut(name, name, round(alone.auc, 3), (told,)))
    return sorted(found, key=lambda leak: (-leak.auc, leak.name))


def check_features(
    examples: Sequence[Example],
    keep: Collection[str],
    limit: float,
    seed: int,
    tell: Callable[[str], None],
) -> tuple[str, ...]:
    """Tells each suspicious feature; returns those above the limit that were kept by order.

    WorkError, naming them all, when others are above it.
    """
    found = find_feature_leaks(examples, seed)
    above = [leak for leak in found if leak.auc >= limit]
    stop = [leak for leak in above if leak.name not in keep]
    for leak in found:
        if leak not in stop:
            word = "kept, by order" if leak in above else "suspicious"
            tell(f"{word}: {leak.name}: {leak.reasons[0]}")
    if stop:
        raise WorkError(
            f"{len(stop)} features look like leakage, and nothing was trained",
            problems=[Problem("", f"{leak.name}: {leak.reasons[0]}") for leak in stop],
            do="look for events that tell of the end before it is known, or are dated back; if it "
            "is honest, keep a feature with --keep FEATURE",
        )
    return tuple(leak.name for leak in above)
