"""Point-in-time frames for data scientists: features as they were known, labels beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.clock import SystemClock, from_datetime, to_datetime
from core.connections import existing_record
from core.installation import Installation
from core.settings import load_settings
from events.labels import Label, label
from events.types import Identifier, IdentifierKind
from features.check import known_features
from features.definitions import BY_FEATURE
from features.services import ALL, columns
from scoring import Scorer

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


class Data:
    """One installation, opened for analysis: `Data(".leadline/demo")`. Reads only."""

    def __init__(self, folder: str | Path) -> None:
        self.installation = Installation(Path(folder))
        self.settings = load_settings(self.installation.settings_file)
        self.engine: sa.Engine = existing_record(self.installation, self.settings)

    def features(self, service: str) -> tuple[str, ...]:
        """The features of a service, in its order: `all`, a model version's own such as
        `lead_propensity_v1`, or a release's, `lead_propensity-1`. DefinitionError if there is none.
        """
        folder = self.installation.releases / service
        if service != ALL and folder.is_dir():
            scorer = Scorer.load(folder)
            return tuple(name for name in scorer.feature_names if name not in scorer.columns)
        return columns(self.installation, service)

    def at_age(self, days: int, service: str = ALL) -> pd.DataFrame:
        """Every lead whose label is known, at the end of the UTC day `days` after its creation."""
        pairs = [(one.crm_id, to_datetime(one.moment(days))) for one in self._labels()]
        return self.frame(pairs, service)

    def _labels(self) -> list[Label]:
        models = self.settings.models
        now = SystemClock().now()
        return label(self.engine, models.label_days, now, models.undecided).known

    def frame(self, pairs: Iterable[tuple[str, dt.datetime]], service: str = ALL) -> pd.DataFrame:
        """A row for each (CRM id, moment): its features as known then, and `won`.

        `won` is missing while the lead's label window runs. A moment at which nobody was known by
        the CRM id has no row. Moments without a zone are UTC.
        """
        import pandas as pd

        from features.offline import Ask, vectors

        names = self.features(service)
        asked = [(crm_id, from_datetime(moment)) for crm_id, moment in pairs]
        asks = [Ask(Identifier(IdentifierKind.CRM_ID, crm), moment) for crm, moment in asked]
        won = {one.crm_id: one.won for one in self._labels()}
        rows = [
            {"crm_id": crm_id, "moment": to_datetime(moment), "won": won.get(crm_id)}
            | {name: found.values[name] for name in names}
            for (crm_id, moment), found in zip(
                asked, vectors(self.installation, self.engine, asks), strict=True
            )
            if found is not None
        ]
        return pd.DataFrame(rows, columns=["crm_id", "moment", "won", *names])


def numeric(names: Sequence[str]) -> list[str]:
    """Those of the features that are numbers."""
    known_features(names)
    return [name for name in names if not BY_FEATURE[name].is_word]
