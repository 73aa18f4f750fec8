"""When it is time to train: days, outcomes, drift, and a rest after failures."""

from __future__ import annotations

import pytest

from core.clock import DAY, HOUR, from_iso
from core.database import open_record, writing
from core.installation import Installation
from core.settings import Models
from scoring import retraining
from scoring.retraining import Decision
from tests.training.small_history import write_history
from training.due import Standing, due, standing

NOW = from_iso("2026-06-01")


def stand(days=1.0, fresh=0, failures=0, failed_ago=0, trouble=""):
    trained = None if days is None else NOW - int(days * DAY)
    return Standing(trained, 1_000 + fresh, 1_000, failures, NOW - failed_ago, trouble)


@pytest.mark.parametrize(
    ("told", "is_due", "words"),
    [
        (stand(), False, "1.0 of 3 days ago, and 0 of 500"),
        (stand(days=3), True, "3.0 days ago"),
        (stand(fresh=499), False, "499 of 500"),
        (stand(fresh=500), True, "500 more deals"),
        (stand(trouble="the score has moved"), True, "the score has moved"),
        (stand(days=None), True, "no model was trained yet"),
        (stand(days=9, failures=1, failed_ago=HOUR - 1), False, "the last 1 failed"),
        (stand(days=9, failures=1, failed_ago=HOUR), True, "9.0 days"),
        (stand(days=9, failures=3, failed_ago=4 * HOUR - 1), False, "the last 3 failed"),
        (stand(days=9, failures=99, failed_ago=DAY), True, "9.0 days"),
    ],
)
def test_it_is_time_by_days_outcomes_or_drift(told, is_due, words):
    """And says why, or why not: an operator who waits for a model reads this line."""
    asked = due(told, Models(), NOW)
    assert asked.due is is_due
    assert words in asked.why


def test_what_died_counts_as_a_failure_and_what_was_judged_as_a_training(tmp_path):
    """A training that is killed by its size would otherwise be begun again each hour."""
    installation = Installation(tmp_path).create()
    engine = open_record(installation.record_db)
    write_history(engine, 20)
    with writing(engine) as connection:
        number = retraining.begin(connection, NOW - 5, "first", 7)
        retraining.end(connection, number, NOW - 4, Decision.REFUSED, "1", "worse")
        retraining.begin(connection, NOW - 3, "second", 9)
    told = standing(installation, engine, Models())
    assert told == Standing(NOW - 5, 20, 7, failures=1, failed_at=NOW - 3)
    with writing(engine) as connection:
        retraining.begin(connection, NOW - 2, "third", 9)
        died = retraining.newest(connection)[1]
    assert died.decision is Decision.FAILED
    assert died.told == "its process ended before it was done"
    assert standing(installation, engine, Models()).failures == 2
