"""The features that moved most, as a picture: drift, missing values and freshness side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import WorkError
from features.health import MUCH, SOME, Health

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 30
_DAY_S = 86_400
_COLOURS = {"none": "#4c956c", "some": "#e9a23b", "much": "#c8553d", "unknown": "#9a9a9a"}


def draw(file: Path, found: Sequence[Health], title: str) -> None:
    """Writes a PNG. WorkError when the file cannot be written or matplotlib is not there."""
    try:
        from matplotlib.figure import Figure
    except ImportError as problem:
        raise WorkError(
            "a plot needs matplotlib", do="install it, or leave out --plot"
        ) from problem

    shown = sorted(found, key=_weight, reverse=True)[:SHOWN][::-1]
    figure = Figure(figsize=(13, 0.27 * len(shown) + 1.8), layout="constrained")
    drift, missing, fresh = figure.subplots(1, 3, sharey=True, width_ratios=(2, 1, 1))
    figure.suptitle(title, fontsize=11)
    _draw_drift(drift, shown)
    missing.barh(_names(shown), [one.null_rate for one in shown], color="#5b7db1")
    missing.set(title="missing values", xlabel="share of the sample", xlim=(0, 1))
    _draw_freshness(fresh, shown)
    for axes in (drift, missing, fresh):
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(y=0.01)
    try:
        figure.savefig(file, dpi=110, format="png")
    except OSError as problem:
        raise WorkError(f"cannot write {file}: {problem.strerror or problem}") from problem


def _weight(one: Health) -> tuple[float, float]:
    return one.psi or 0.0, one.null_rate


def _names(shown: Sequence[Health]) -> list[str]:
    return [one.name for one in shown]


def _draw_drift(axes: Axes, shown: Sequence[Health]) -> None:
    colours = [_COLOURS[one.drift] for one in shown]
    axes.barh(_names(shown), [one.psi or 0.0 for one in shown], color=colours)
    for border, told in ((SOME, "some"), (MUCH, "much")):
        axes.axvline(border, color=_COLOURS[told], linestyle="--", linewidth=1)
    axes.set(title="drift from the training set", xlabel="population stability index (PSI)")
    axes.tick_params(axis="y", labelsize=8)


def _draw_freshness(axes: Axes, shown: Sequence[Health]) -> None:
    """Days, on a scale that shows minutes and months."""
    days = [one.age_s / _DAY_S if one.age_s is not None else 0.0 for one in shown]
    axes.barh(_names(shown), days, color="#8a6fa8")
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set(title="freshness", xlabel="days since the newest row that fills it", xlim=(0, None))
