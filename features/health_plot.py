"""The features that moved most, as a picture: drift, missing values and freshness side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.picture import picture
from features.health import MUCH, SOME, Health

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 30
_UNITS = {60.0: "1 min", 3_600.0: "1 h", 86_400.0: "1 d", 30 * 86_400.0: "30 d"}
_LEAST = 0.001
_COLOURS = {"none": "#4c956c", "some": "#e9a23b", "much": "#c8553d", "unknown": "#9a9a9a"}


def draw(file: Path, found: Sequence[Health], title: str) -> None:
    """Writes a PNG. WorkError when the file cannot be written or matplotlib is not there."""
    shown = sorted(found, key=_weight, reverse=True)[:SHOWN][::-1]
    with picture(file, 13, 0.25 * len(shown) + 1.8) as figure:
        drift, missing, fresh = figure.subplots(1, 3, sharey=True, width_ratios=(2, 1, 1))
        drawn = f"the {len(shown)} of {len(found)} features that moved most"
        figure.suptitle(f"{title}\n{drawn}", fontsize=11)
        _draw_drift(drift, shown)
        missing.barh(_names(shown), [one.null_rate for one in shown], color="#5b7db1")
        missing.set(title="missing values", xlabel="share of the sample", xlim=(0, 1))
        _draw_freshness(fresh, shown)
        for axes in (drift, missing, fresh):
            axes.grid(axis="x", alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
            axes.margins(y=0.01)


def _weight(one: Health) -> tuple[float, float]:
    return one.psi or 0.0, one.null_rate


def _names(shown: Sequence[Health]) -> list[str]:
    return [one.name for one in shown]


def _draw_drift(axes: Axes, shown: Sequence[Health]) -> None:
    """On a scale of powers, so that the borders stand apart beside a feature that moved far."""
    colours = [_COLOURS[one.drift] for one in shown]
    moved = [max(_LEAST, one.psi or 0.0) for one in shown]
    axes.barh(_names(shown), moved, color=colours)
    axes.set_xscale("log")
    axes.set_xlim(_LEAST, max(10.0, *moved))
    for border, told in ((SOME, "some"), (MUCH, "much")):
        axes.axvline(border, color=_COLOURS[told], linestyle="--", linewidth=1)
        axes.annotate(
            f" {told}",
            (border, 1.0),
            xycoords=("data", "axes fraction"),
            fontsize=8,
            color=_COLOURS[told],
            va="bottom",
        )
    axes.set_title("drift from the training set", pad=16)
    axes.set_xlabel("population stability index (PSI)")
    axes.tick_params(axis="y", labelsize=8)


def _draw_freshness(axes: Axes, shown: Sequence[Health]) -> None:
    """Seconds, on a scale that shows minutes and months."""
    ages = [one.age_s or 1.0 for one in shown]
    axes.barh(_names(shown), ages, color="#8a6fa8")
    for row, one in enumerate(shown):
        if one.age_s is None:
            axes.annotate("none", (1.3, row), fontsize=8, color="#9a9a9a", va="center")
    axes.set_xscale("log")
    axes.set_xlim(1.0, max(*_UNITS, *ages))
    axes.set_xticks(list(_UNITS), list(_UNITS.values()))
    axes.minorticks_off()
    axes.set(title="freshness", xlabel="age of the newest row that fills it")
