"""A record with planted exposures and outcomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import release
from core.clock import DAY
from core.database import open_record, upsert, writing
from core.installation import Installation
from events.identity.tables import LEAD_MERGE
from events.outcomes import OUTCOME
from scoring import experiment
from scoring.arms import unit_of
from scoring.experiment import Experiment, Spec
from signals.exposure import EXPOSURE
from signals.suppressions import SUPPRESSION

START = 20_000 * DAY


class Planted:
    """`run` begins an experiment; `expose`, `win` and `merge` write what came of it."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.experiment: Experiment
        tables = (EXPOSURE, OUTCOME, SUPPRESSION)
        self._rows: dict[sa.Table, list[dict[str, Any]]] = {table: [] for table in tables}
        self._deals = 0

    def run(self, **changes: Any) -> Experiment:
        told: dict[str, Any] = {
            "name": "planted",
            "challenger": "2",
            "share": 0.5,
            "window_days": 10,
            "base": 0.2,
            "deviation": 0.4,
            "planned": 2_000,
        }
        self.experiment = experiment.begin(self.engine, Spec(**{**told, **changes}), START)
        return self.experiment

    def expose(
        self, lead: str, arm: str, day: float, account: str | None = None, **more: Any
    ) -> None:
        """`day` counts from the start of the experiment."""
        row = {
            "experiment": self.experiment.id,
            "lead_id": lead,
            "unit": unit_of(lead, account),
            "arm": arm,
            "first_at": START + round(day * DAY),
            "propensity": 0.2,
            "priority": 40.0,
            "band": "warm",
            "shadow_propensity": None,
            "shadow_priority": None,
            "shadow_band": None,
            "scores": 1,
            "signals": 0,
            "suppressed": 0,
            "unsubscribed": 0,
            "unsubscribed_before": 0,
            "timed": 0,
            "seconds": 0.0,
        }
        self._rows[EXPOSURE].append({**row, **more})

    def suppress(self, lead: str, rule: str, day: float, account: str | None = None) -> None:
        """Since that day; the lead is exposed besides."""
        key = {"experiment": self.experiment.id, "lead_id": lead, "unit": unit_of(lead, account)}
        self._rows[SUPPRESSION].append({**key, "rule": rule, "at": START + round(day * DAY)})

    def win(self, lead: str, day: float, value: float = 100.0, *, won: bool = True) -> None:
        self._deals += 1
        at = START + round(day * DAY)
        row = {"deal_id": f"deal-{self._deals}", "crm_id": None, "lead_id": lead, "won": won}
        row |= {"account_id": None, "value": value, "closed_at": at, "known_at": at}
        self._rows[OUTCOME].append(row)

    def merge(self, absorbed: str, survivor: str) -> None:
        row = {"absorbed": absorbed, "survivor": survivor, "because": "email"}
        with writing(self.engine) as record:
            upsert(LEAD_MERGE, record, [{**row, "known_at": START, "offset": 1}])

    def write(self) -> None:
        with writing(self.engine) as record:
            for table, rows in self._rows.items():
                upsert(table, record, rows)


@pytest.fixture
def engine(installation: Installation) -> sa.Engine:
    record = open_record(installation.record_db)
    release.make(record, START, "test", model_name="lead_propensity", model_version="1")
    return record


@pytest.fixture
def planted(engine: sa.Engine) -> Planted:
    return Planted(engine)


At = Callable[[float], int]


@pytest.fixture
def at() -> At:
    """Days since the experiment began → the moment."""
    return lambda day: START + round(day * DAY)
