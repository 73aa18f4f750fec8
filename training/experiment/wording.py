"""An experiment in lines that people read."""

from __future__ import annotations

from core.clock import to_iso
from scoring.experiment import Experiment, Metric
from training.experiment.measures import Arm, Range
from training.experiment.report import Report
from training.experiment.shadow import Shadow
from training.experiment.start import SHADOWED, Started
from training.experiment.stop import percent

NAMES = {
    Metric.WIN_RATE: "win rate",
    Metric.REVENUE: "revenue a unit",
    Metric.SPEED: "window left when won",
}
_MANY = 100_000
"""Units that few companies see within an experiment's days."""
SECONDS = ", seconds"
"""Ends the name of what the report holds in seconds; people read milliseconds."""


def tell_start(told: Started) -> str:
    spec = told.experiment.spec
    who = "computed for everybody, acted on for nobody" if spec.shadow else f"{spec.share:.0%}"
    source = f"of {told.units:,} units of the past" if told.units else "assumed"
    lines = [f"experiment {told.experiment.id} runs: {_sides(told.experiment)} ({who})"]
    if not spec.shadow:
        lines.append(
            f"judged by {NAMES[spec.metric]} within {spec.window_days} days, {source}: "
            f"{_number(spec.metric, spec.base)}"
        )
        lines.append(
            f"a lift of {percent(spec.lift)} is found with {spec.planned:,} units, most likely; "
            f"a unit is an account, or a lead without one"
        )
        lines += _too_many(told)
    lines.append(
        "in force everywhere within seconds; `leadline experiment report` may be read daily"
    )
    return "\n".join(lines)


def _too_many(told: Started) -> list[str]:
    """Where the plan asks for more than ever came: it would end without a decision."""
    spec = told.experiment.spec
    most = max(told.units, _MANY)
    if spec.planned <= most:
        return []
    shadow = f"; --shadow tells with some {SHADOWED:,} units whose chances are truer"
    return [
        f"warning: few ever score more than {most:,} units: look for a greater --lift"
        + (shadow if spec.challenger is not None else "")
    ]


def tell_report(report: Report) -> str:
    """The verdict first."""
    running = report.experiment
    state = "ended" if running.ended_at is not None else "runs"
    what = f"experiment {running.id}, {running.spec.name}: {_sides(running)}"
    lines = [report.words, "", f"{what}; {state}, day {report.days:.1f} of {running.spec.max_days}"]
    if report.decided_at is not None:
        lines.append(f"decided at the look of {to_iso(report.decided_at)}")
    lines += _shadow(report.shadow) if report.shadow else _arms(report)
    if report.crossed:
        lines.append(
            f"{report.crossed:,} leads were in both arms; they count where they were first"
        )
    lines += [f"meanwhile, {told}" for told in report.changes]
    return "\n".join(lines)


def _sides(told: Experiment) -> str:
    spec = told.spec
    sides = []
    if spec.challenger is not None:
        sides.append(f"model {spec.challenger} against {spec.model_version}")
    if spec.challenger_rules is not None:
        sides.append(f"rules {spec.challenger_rules} against {spec.rules_version}")
    return " with ".join(sides)


def _arms(report: Report) -> list[str]:
    spec = report.experiment.spec
    champion, challenger = report.arms
    pairs = {
        "units": _both(champion.units, challenger.units),
        "leads": _both(champion.leads, challenger.leads),
        "scores": _both(champion.scores, challenger.scores),
        "signals": _both(champion.signals, challenger.signals),
        f"counted, after {spec.window_days} days": _both(champion.counted, challenger.counted),
        "won": _both(champion.won, challenger.won),
        "days to win, median": (_days(champion), _days(challenger)),
    }
    lines = ["", f"{'':28}{'champion':>16}{'challenger':>16}  difference, {report.confidence:.0%}"]
    lines += [f"{name:28}{one:>16}{other:>16}" for name, (one, other) in pairs.items()]
    for metric, name in NAMES.items():
        one, other = _mean(metric, champion), _mean(metric, challenger)
        star = " *" if metric is spec.metric else ""
        told = _range(metric, report.differences[metric])
        lines.append(f"{name + star:28}{one:>16}{other:>16}  {told}")
    for guard in report.guardrails:
        values = [_guard(guard.name, one) for one in (guard.champion, guard.challenger)]
        broken = "  broken" if guard.broken else ""
        name = guard.name.removesuffix(SECONDS)
        lines.append(f"{name:28}{values[0]:>16}{values[1]:>16}{broken}")
    lines.append("* decides; the others are for reading")
    if report.ratio is not None:
        found = "off" if report.ratio.off else "as promised"
        told = f"{report.ratio.challenger:,} of {champion.units + challenger.units:,} units"
        lines.append(f"share {found}: {told} for {spec.share:.0%}, p {report.ratio.p_value:.3g}")
    return lines


def _shadow(told: Shadow) -> list[str]:
    def figure(one: float | None) -> str:
        return "-" if one is None else f"{one:.4f}"

    gain = told.gain
    known = "" if gain.low is None else f" [{gain.low:+.4f}, {gain.high:+.4f}]"
    hot = f"{told.hot_champion:,} by the champion, {told.hot_challenger:,} by the challenger"
    areas = f"{figure(told.auc_champion)} champion, {figure(told.auc_challenger)} challenger"
    errors = f"{figure(told.brier_champion)} champion, {figure(told.brier_challenger)} challenger"
    return [
        "",
        f"{told.leads:,} leads scored by both, {told.same_band:.1%} in the same band; hot: {hot}",
        f"{told.counted:,} leads counted, {told.won:,} won",
        f"AUC of the priority: {areas}",
        f"Brier score: {errors}; gain {gain.estimate:+.4f}{known}",
    ]


def _both(one: int, other: int) -> tuple[str, str]:
    return f"{one:,}", f"{other:,}"


def _days(arm: Arm) -> str:
    return "-" if arm.days_to_win is None else f"{arm.days_to_win:.1f}"


def _mean(metric: Metric, arm: Arm) -> str:
    ranges = {
        Metric.WIN_RATE: arm.win_rate,
        Metric.REVENUE: arm.revenue,
        Metric.SPEED: arm.speed,
    }
    return _number(metric, ranges[metric].estimate) if arm.counted else "-"


def _range(metric: Metric, told: Range) -> str:
    if told.low is None or told.high is None:
        return "not enough yet"
    low, high = (_number(metric, one, signed=True) for one in (told.low, told.high))
    return f"{_number(metric, told.estimate, signed=True)} [{low}, {high}]"


def _number(metric: Metric, value: float, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return format(value, f"{sign},.2f" if metric is Metric.REVENUE else f"{sign}.2%")


def _guard(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value * 1000:.1f} ms" if name.endswith(SECONDS) else f"{value:.2%}"
