"""The standard error by which worlds are judged: held against a bootstrap and known cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.proof.delong import paired

pytestmark = pytest.mark.proof


def test_it_agrees_with_a_bootstrap_of_the_same_leads() -> None:
    """The judge of six worlds must not err itself: resampled leads tell the same spread."""
    draw = np.random.default_rng(7)
    won = draw.random(400) < 0.3
    first = won + draw.normal(0, 1.5, 400)
    second = first + draw.normal(0, 1.0, 400)
    told = paired(won.tolist(), first.tolist(), second.tolist())
    assert told.first == pytest.approx(roc_auc_score(won, first))
    assert told.second == pytest.approx(roc_auc_score(won, second))
    differences = []
    for _ in range(400):
        rows = draw.integers(0, 400, 400)
        ended = won[rows]
        differences.append(roc_auc_score(ended, first[rows]) - roc_auc_score(ended, second[rows]))
    assert told.standard_error == pytest.approx(np.std(differences), rel=0.15)


def test_a_model_does_not_differ_from_itself() -> None:
    """Paired: what both share cancels out, unlike in two separate standard errors."""
    won, scores = [True, False, True, False, False], [0.9, 0.8, 0.3, 0.3, 0.1]
    told = paired(won, scores, scores)
    assert (told.difference, told.standard_error) == (0.0, 0.0)
