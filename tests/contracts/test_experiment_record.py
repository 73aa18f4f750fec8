"""An experiment from its begin to its report, on each database that the record may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from core import release
from core.clock import DAY
from core.database import metadata, open_record, reading, upsert, writing
from core.errors import WorkError
from events.outcomes import OUTCOME
from scoring import experiment
from scoring.arms import CHALLENGER, CHAMPION
from scoring.experiment import Spec
from signals import exposure, suppressions
from signals.exposure import Exposure
from training.experiment.report import report

START = 20_000 * DAY
SPEC = Spec(name="x", challenger="2", share=0.5, window_days=10, base=0.2, deviation=0.4, planned=9)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url: Path | str = tmp_path / "record.db"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        query = {"host": str(server["host"]), "port": str(server["port"])}
        made = sa.URL.create(
            "postgresql+psycopg", server["user"], database=server["database"], query=query
        )
        url = made.render_as_string(hide_password=False)
    record = open_record(url)
    yield record
    metadata.drop_all(record)
    record.dispose()


def test_an_experiment_is_begun_filled_read_and_ended(engine: sa.Engine) -> None:
    """The same rows, the same sums, the same report."""
    begun = experiment.begin(engine, SPEC, START)
    with pytest.raises(WorkError, match="runs already"):
        experiment.begin(engine, SPEC, START)
    for number in range(4):
        told = Exposure(
            experiment=begun.id,
            lead_id=f"lead-{number}",
            unit=f"lead/lead-{number}",
            arm=(CHAMPION, CHALLENGER)[number % 2],
            first_at=START + DAY,
            propensity=0.1,
            priority=50.0,
            band="warm",
            unsubscribed=number,
            timed=1,
            seconds=0.25,
        )
        later = msgspec.structs.replace(
            told,
            first_at=START + 5 * DAY,
            unsubscribed=number - 1,
            suppressed_by={"customer": START + 5 * DAY, "unsubscribed": START + 5 * DAY},
        )
        latest = msgspec.structs.replace(later, suppressed_by={"unsubscribed": START + 9 * DAY})
        for one in (told, later, latest):
            with writing(engine) as record:
                exposure.save(record, [one])
    deal = {"deal_id": "d", "crm_id": None, "lead_id": "lead-1", "account_id": None, "won": True}
    deal |= {"value": 70.0, "closed_at": START + 2 * DAY, "known_at": START + 2 * DAY}
    with writing(engine) as record:
        upsert(OUTCOME, record, [deal])
    found = report(engine, begun, START + 20 * DAY).report
    champion, challenger = found.arms
    assert (champion.scores, champion.won, challenger.won) == (6, 0, 1)
    assert challenger.revenue.estimate == 35.0
    assert challenger.unsubscribed == 1.0
    assert (champion.suppressed, challenger.suppressed) == (1.0, 0.5)
    with reading(engine) as record:
        at = suppressions.harmed_first(record, begun.id, ["unsubscribed"])
    assert set(at.values()) == {START + 5 * DAY}
    assert found.guardrails[-1].champion == 0.25
    ended = experiment.end(engine, START + 21 * DAY, promote=True)
    assert release.current(engine).model_version == "2"
    with reading(engine) as record:
        assert experiment.everyone(record) == [ended]
