"""An experiment on two versions of one model, as tests begin it."""

from __future__ import annotations

from scoring.experiment import Spec


def half_each(champion: str = "1", challenger: str = "2") -> Spec:
    """Half of all accounts go to each arm."""
    return Spec(
        name="test",
        model_name="lead_propensity",
        model_version=champion,
        challenger=challenger,
        share=0.5,
        base=0.1,
        deviation=0.3,
        planned=1_000,
    )
