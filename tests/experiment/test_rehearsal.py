"""A rehearsed experiment is read like a real one, and is what its script says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from core.clock import DAY
from core.errors import WorkError
from scoring.experiment import Spec
from training.experiment.measures import Guardrail
from training.experiment.rehearsal import Script, rehearse
from training.experiment.report import Report, report
from training.experiment.stop import Verdict
from training.experiment.wording import tell_report

START = 20_000 * DAY
SPEC = Spec(
    name="rehearsed", model_name="lead_propensity", model_version="1", challenger="2", share=0.5,
    window_days=10, max_days=40, base=0.3, deviation=0.46, planned=4_000,
)  # fmt: skip
END = START + 40 * DAY


def told(file: Path, **changes: float) -> Report:
    script = Script(**{"units": 4_000, "days": 30, "rate": 0.3, **changes})  # type: ignore[arg-type]
    return report(*rehearse(file, SPEC, script, START), END).report


def test_each_arm_wins_as_often_as_the_script_says(tmp_path: Path) -> None:
    """All units are counted, none is won after its window, and the lift is the challenger's."""
    found = told(tmp_path / "lift.db", lift=0.3)
    champion, challenger = found.arms
    assert champion.counted + challenger.counted == found.counted == 4_000
    assert champion.win_rate.estimate == pytest.approx(0.3, abs=0.03)
    assert challenger.win_rate.estimate == pytest.approx(0.39, abs=0.03)
    assert found.verdict is Verdict.CHALLENGER_WINS
    assert champion.days_to_win == pytest.approx(5, abs=0.5)


def test_winning_twice_as_often_is_no_harm_though_each_customer_is_suppressed(
    tmp_path: Path,
) -> None:
    """The shipped rules keep sellers away from customers: that must not stop who makes them."""
    found = told(tmp_path / "double.db", lift=1.0)
    assert found.verdict is Verdict.CHALLENGER_WINS
    assert not any(one.broken for one in found.guardrails)


def test_people_who_unsubscribe_stop_a_challenger_that_wins_more(tmp_path: Path) -> None:
    """Harm is told before any gain."""
    found = told(tmp_path / "harm.db", lift=0.3, harm=0.1)
    assert found.verdict is Verdict.GUARDRAIL
    assert [one.name for one in found.guardrails if one.broken] == ["suppressed"]
    assert found.arms[1].suppressed == pytest.approx(0.1, abs=0.02)


def test_a_unit_that_is_lost_is_missing_from_its_arm(tmp_path: Path) -> None:
    """The sample ratio tells."""
    found = told(tmp_path / "lost.db", lift=0.3, lost=0.25)
    assert found.ratio is not None
    assert found.ratio.challenger == pytest.approx(0.75 * found.ratio.champion, rel=0.06)
    assert found.verdict is Verdict.INVALID


def test_the_same_script_plays_alike(tmp_path: Path) -> None:
    """And another seed otherwise."""
    one, again = told(tmp_path / "1.db"), told(tmp_path / "2.db")
    assert one == again
    assert told(tmp_path / "3.db", seed=8).arms != one.arms


def test_a_record_in_which_one_runs_is_refused(tmp_path: Path) -> None:
    """Nobody's experiment is mixed with dice."""
    told(tmp_path / "record.db")
    with pytest.raises(WorkError, match="runs already"):
        told(tmp_path / "record.db")


def test_a_latency_is_told_in_one_unit(tmp_path: Path) -> None:
    """A row that names seconds and shows milliseconds is read wrongly by a thousand."""
    found = told(tmp_path / "record.db")
    slow = Guardrail("latency p99, seconds", 0.0056, None, broken=False)
    (line,) = [
        line
        for line in tell_report(msgspec.structs.replace(found, guardrails=[slow])).splitlines()
        if line.startswith("latency")
    ]
    assert line.split() == ["latency", "p99", "5.6", "ms", "-"]
