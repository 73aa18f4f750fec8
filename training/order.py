"""What a training is asked to do."""

from __future__ import annotations

import msgspec

from core.settings import Models
from training.fit import Effort


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

    def effort(self, models: Models) -> Effort:
        """What may be tried, by the order or else by the settings."""
        trials = models.trials if self.trials is None else self.trials
        return Effort(trials, models.search_s, self.threads)
