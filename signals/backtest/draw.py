"""A backtest as a picture: the win rate of each band, how soon wins are reached, and whose work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.picture import picture
from signals.backtest.judged import BANDS
from signals.backtest.report import Counted, Load, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = {"before": "#8d99ae", "after": "#c8553d"}
_WIDTH = 0.38
_OWNERS = 10
"""As many as have room."""
_LINES = {"before": 4, "after": 1.5}
"""Where the edit changes nothing, both are seen."""


def draw(file: Path, report: Report) -> None:
    """Writes a PNG. WorkError when the file cannot be written or matplotlib is not there."""
    with picture(file, 16, 5) as figure:
        rates, curve, work = figure.subplots(1, 3)
        figure.suptitle(
            f"{report.leads:,} leads, {report.won:,} won: {report.before_version} against "
            f"{report.after_version}; {sum(move.leads for move in report.routes):,} change route",
            fontsize=11,
        )
        _draw_rates(rates, report)
        _draw_gain(curve, report)
        _draw_work(work, report)
        for axes in (rates, curve, work):
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)


def _draw_rates(axes: Axes, report: Report) -> None:
    parts = [report.bands[name] for name in BANDS]
    sides = {"before": [one.before for one in parts], "after": [one.after for one in parts]}
    for side, (name, counted) in zip((-1, 1), sides.items(), strict=True):
        at = [place + side * _WIDTH / 2 for place in range(len(BANDS))]
        heights = [100 * (one.win_rate or 0.0) for one in counted]
        axes.bar(
            at, heights, _WIDTH, color=_COLOURS[name], label=name, yerr=_errors(counted), capsize=4
        )
    told = [f"{one}\n{report.bands[one].before.leads:,} → {report.bands[one].after.leads:,}"
            for one in BANDS]  # fmt: skip
    axes.set_xticks(range(len(BANDS)), told)
    axes.set(title="win rate of each band, with its number of leads", ylabel="won, % (95 %)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _errors(counted: list[Counted]) -> list[list[float]]:
    """Down and up from each bar, in percent."""
    told = [(one.win_rate or 0.0, one.interval or (0.0, 0.0)) for one in counted]
    return [
        [100 * max(0.0, rate - low) for rate, (low, _) in told],
        [100 * max(0.0, high - rate) for rate, (_, high) in told],
    ]


def _draw_gain(axes: Axes, report: Report) -> None:
    axes.plot([0, 100], [0, 100], color="#bbbbbb", linestyle="--", linewidth=1, label="by chance")
    for name, points in report.gain.items():
        leads, won = ([100 * one[at] for one in points] for at in (0, 1))
        axes.plot(leads, won, color=_COLOURS[name], label=name, linewidth=_LINES[name])
    axes.set(
        title="worked off from the highest priority down",
        xlabel="leads worked off, %",
        ylabel="won leads among them, %",
        xlim=(0, 100),
        ylim=(0, 101),
    )
    axes.legend(frameon=False, loc="lower right")


def _draw_work(axes: Axes, report: Report) -> None:
    """Hot leads by owner, those with most to do at the top."""
    before, after = work_of(report.owners)
    owners = sorted({**before, **after}, key=lambda one: (-after[one], -before[one], one))[:_OWNERS]
    for side, (name, counted) in zip(
        (-1, 1), {"before": before, "after": after}.items(), strict=True
    ):
        at = [place + side * _WIDTH / 2 for place in range(len(owners))]
        bars = axes.barh(
            at, [counted[one] for one in owners], _WIDTH, color=_COLOURS[name], label=name
        )
        axes.bar_label(bars, fmt="{:,.0f}", fontsize=8, padding=3)
    axes.set_yticks(range(len(owners)), owners)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set(title="hot leads of each owner", xlabel="leads")
    axes.legend(frameon=False)


def work_of(loads: Sequence[Load]) -> tuple[Counter[str], Counter[str]]:
    """Hot leads by owner before and after, however soon they are to be answered."""
    before, after = Counter[str](), Counter[str]()
    for one in loads:
        before[one.owner] += one.before
        after[one.owner] += one.after
    return before, after
