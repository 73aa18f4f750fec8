"""An experiment as a picture: both arms day by day, and their difference with its interval."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.clock import DAY
from core.picture import picture
from scoring.experiment import Metric
from training.experiment.report import Told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from training.experiment.interval import Numbers

WORDS = {
    Metric.WIN_RATE: "win rate",
    Metric.REVENUE: "revenue of a unit",
    Metric.SPEED: "share of the window left when won",
}
SHOWN = 20
"""Counted units from which on an arm's mean is drawn: before it jumps about."""
_CHAMPION, _CHALLENGER, _BAND = "#5b7db1", "#c8553d", "#c9d3e3"


def draw(file: Path, told: Told) -> None:
    """Writes a PNG. WorkError when the file cannot be written or matplotlib is not there."""
    with picture(file, 11, 4.8) as figure:
        arms, difference = figure.subplots(1, 2)
        report = told.report
        spec = report.experiment.spec
        figure.suptitle(f"{spec.name}: {report.words}", fontsize=11)
        days = (told.path.at - report.experiment.started_at) / DAY
        _draw_arms(arms, told, days)
        _draw_difference(difference, told, days)
        for axes in (arms, difference):
            axes.set(xlabel="days since the start", xlim=(0, max(days[-1], 1)))
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)


def _draw_arms(axes: Axes, told: Told, days: Numbers) -> None:
    for arm, name, colour in (
        (told.path.champion, "champion", _CHAMPION),
        (told.path.challenger, "challenger", _CHALLENGER),
    ):
        mean = np.where(arm.units >= SHOWN, arm.total / np.maximum(arm.units, 1), np.nan)
        label = f"{name}, {int(arm.units[-1]):,} units counted"
        axes.plot(days, mean, color=colour, label=label)
    if max(told.path.champion.units[-1], told.path.challenger.units[-1]) < SHOWN:
        _tell_nothing(axes)
    axes.set_title(WORDS[told.report.experiment.spec.metric], fontsize=10)
    axes.legend(frameon=False, fontsize=9)


def _draw_difference(axes: Axes, told: Told, days: Numbers) -> None:
    """Days without an interval stay empty."""
    seen = told.seen
    known = np.isfinite(seen.low)
    axes.fill_between(days, seen.low, seen.high, where=known, color=_BAND, linewidth=0)
    axes.plot(days[known], seen.estimate[known], color=_CHALLENGER)
    if known.any():
        axes.axhline(0, color="#333333", linewidth=1)
    else:
        _tell_nothing(axes)
    if told.report.decided_at is not None:
        decided = (told.report.decided_at - told.report.experiment.started_at) / DAY
        axes.axvline(decided, color="#4c956c", linestyle="--", linewidth=1)
        axes.annotate(
            " decided", (decided, 1.0), xycoords=("data", "axes fraction"), fontsize=8, va="bottom"
        )
    what = "champion's error − challenger's" if told.report.shadow else "challenger − champion"
    axes.set_title(f"{what}, {told.report.confidence:.0%} at all looks", fontsize=10, pad=14)


def _tell_nothing(axes: Axes) -> None:
    """An axis of values would have none to measure."""
    axes.set_yticks([])
    axes.annotate("not enough yet", (0.5, 0.5), xycoords="axes fraction", ha="center")
