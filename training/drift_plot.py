"""Drift as a picture: the features that moved most, the propensities, and how leads ended since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.picture import picture
from features.health import MUCH, SOME

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from training.drift import Drift

SHOWN = 25
_LEAST = 0.001
_MOVED, _STEADY, _CHANCE = "#c8553d", "#5b7db1", "#333333"
_FIGURES = {"auc": "AUC", "calibration_error": "calibration error"}


def draw(file: Path, told: Drift) -> None:
    """Writes a PNG. WorkError when the file cannot be written or matplotlib is not there."""
    shown = list(told.features.items())[:SHOWN][::-1]
    with picture(file, 13, 0.26 * len(shown) + 3.0) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(2, 1))
        compared = told.vectors if told.compared is None else told.compared
        figure.suptitle(
            f"{told.name} {told.champion}: {len(told.moved)} of {len(told.features)} features have "
            f"moved much, by {compared:,} leads",
            fontsize=11,
        )
        _draw_moved(left, told, shown if told.score is None else [*shown, ("score", told.score)])
        _draw_ends(right, told)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)


def _draw_moved(axes: Axes, told: Drift, shown: list[tuple[str, float]]) -> None:
    """On a scale of powers; the stroke on each bar is what chance alone could reach."""
    names = [name for name, _ in shown]
    chance = [told.chance.get(name, told.score_chance or 0.0) for name in names]
    values = [max(_LEAST, value) for _, value in shown]
    colours = [
        _MOVED if value > max(MUCH, bound) else _STEADY
        for value, bound in zip(values, chance, strict=True)
    ]
    axes.barh(names, values, color=colours)
    axes.scatter(chance, range(len(names)), marker="|", s=60, color=_CHANCE, zorder=3)
    axes.set_xscale("log")
    axes.set_xlim(_LEAST, max(10.0, *values) if values else 10.0)
    for border, word in ((SOME, "some"), (MUCH, "much")):
        axes.axvline(border, color="#888888", linestyle="--", linewidth=1)
        axes.annotate(f" {word}", (border, 1.0), xycoords=("data", "axes fraction"), fontsize=8,
                      va="bottom")  # fmt: skip
    axes.set_title("drift beside leads of like age", pad=16)
    axes.set_xlabel("population stability index (PSI); | what chance alone hardly ever passes")
    axes.grid(axis="x", alpha=0.3)
    axes.tick_params(axis="y", labelsize=8)
    axes.margins(y=0.01)


def _draw_ends(axes: Axes, told: Drift) -> None:
    """Figures of the leads that were held out, and of those that ended since."""
    for at, name in enumerate(_FIGURES):
        for shift, figures, colour in ((-0.2, told.then, _STEADY), (0.2, told.fresh, _MOVED)):
            if name not in figures:
                continue
            value = figures[name]
            low, high = figures.get(f"{name}_low", value), figures.get(f"{name}_high", value)
            error = [[value - low], [high - value]]
            axes.bar(at + shift, value, 0.36, color=colour, yerr=error if high > low else None)
            axes.annotate(f"{value:.3f}", (at + shift, high), ha="center", va="bottom", fontsize=8)
    axes.set_xticks(range(len(_FIGURES)), list(_FIGURES.values()))
    axes.set_xlim(-0.5, len(_FIGURES) - 0.5)
    axes.set_ylim(0, 1)
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(
        f"{_of('held out then', told.then)}\n{_of('ended since', told.fresh)}", fontsize=9
    )
    if "auc" not in told.fresh:
        axes.annotate(
            "too few have ended since", (0.98, 0.95), xycoords="axes fraction", ha="right"
        )


def _of(words: str, figures: dict[str, float]) -> str:
    return f"{words}: {figures.get('rows', 0):,.0f} leads, {figures.get('won', 0):,.0f} won"
