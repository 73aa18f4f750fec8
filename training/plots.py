"""An evaluation as pictures: each a PNG of its own beside the model card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.picture import picture
from training.evaluation import OURS, Evaluation, Part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#c8553d", "#5b7db1", "#4c956c", "#8d99ae")
_GREY = "#888888"
MOST_SLICES = 24
MOST_INPUTS = 20
MOST_MONTHS = 12
"""The newest; the card tells of all."""

Importance = Sequence[tuple[str, float]]


def draw(folder: Path, told: Evaluation, importance: Importance) -> list[str]:
    """Writes the plots and returns their file names. `importance`: input → mean |log-odds|, the
    greatest first. WorkError when a file cannot be written or matplotlib is not there.
    """
    drawn: list[tuple[str, float, Callable[[Axes], None]]] = [
        ("baselines.png", 1.2 + 0.5 * len(told.models), lambda axes: _baselines(axes, told)),
        ("reliability.png", 6.0, lambda axes: _reliability(axes, told)),
        ("gain.png", 6.0, lambda axes: _gain(axes, told)),
        ("bands.png", 4.5, lambda axes: _rates(axes, told.bands, "win rate of each band")),
        ("slices.png", 1.5 + 0.3 * _shown(told), lambda axes: _slices(axes, told)),
        (
            "months.png",
            4.5,
            lambda axes: _rates(axes, told.months[-MOST_MONTHS:], "win rate by month"),
        ),
        ("inputs.png", 1.5 + 0.28 * len(importance), lambda axes: _inputs(axes, importance)),
    ]
    for name, height, paint in drawn:
        with picture(folder / name, 8, height) as figure:
            axes = figure.subplots()
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.3)
            axes.set_axisbelow(True)
            paint(axes)
    return [name for name, _, _ in drawn]


def _baselines(axes: Axes, told: Evaluation) -> None:
    names = list(told.models)[::-1]
    for at, name in enumerate(names):
        figure = told.models[name]["auc"]
        if figure.value is None:
            continue
        low, high = figure.low or figure.value, figure.high or figure.value
        colour = _COLOURS[0] if name == OURS else _COLOURS[1]
        axes.plot([low, high], [at, at], color=colour, linewidth=2)
        axes.plot([figure.value], [at], "o", color=colour)
        label = f"{figure.value:.3f}"
        axes.annotate(label, (figure.value, at), (0, 7), textcoords="offset points", ha="center")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.3)
    axes.axvline(0.5, color=_GREY, linewidth=1, linestyle="--")
    axes.set(title=f"AUC of {told.rows:,} test leads (95 %, by account)", xlabel="AUC")


def _reliability(axes: Axes, told: Evaluation) -> None:
    judged = told.judged
    parts = judged.reliability
    whose = "test leads" if judged is told else "test leads that were still open"
    at = [100 * one.told for one in parts]
    rates = [100 * one.win_rate for one in parts]
    highest = 1.08 * max(*(100 * one.high for one in parts), *at)
    axes.plot([0, highest], [0, highest], color=_GREY, linestyle="--", linewidth=1, label="exact")
    axes.errorbar(at, rates, yerr=_errors(parts), fmt="o", color=_COLOURS[0], capsize=3,
                  label=f"tenths of the {judged.rows:,} {whose}, 95 %")  # fmt: skip
    axes.set(xlim=(0, highest), ylim=(0, highest), xlabel="propensity told, %", ylabel="won, %")
    error = judged.models[OURS]["calibration_error"].value or 0.0
    title = f"calibration error {error:.3f}"
    if judged.worst_gap_by_chance is not None:
        title += f" (exact propensities: up to {judged.worst_gap_by_chance:.3f} by chance)"
    axes.set_title(title)
    axes.legend(frameon=False, loc="upper left")


def _gain(axes: Axes, told: Evaluation) -> None:
    axes.plot([0, 100], [0, 100], color=_GREY, linestyle="--", linewidth=1, label="by chance")
    for colour, (name, points) in zip(_COLOURS, told.gain.items(), strict=False):
        leads, won = ([100 * one[at] for one in points] for at in (0, 1))
        axes.plot(leads, won, color=colour, label=name, linewidth=2.2 if name == OURS else 1.3)
    lift = told.models[OURS]["lift_10"].value
    axes.set(
        title="worked off from the best down"
        + (f"; the best tenth wins {lift:.1f} times the average" if lift is not None else ""),
        xlabel="leads worked off, %",
        ylabel="won leads among them, %",
        xlim=(0, 100),
        ylim=(0, 101),
    )
    axes.legend(frameon=False, loc="lower right")


def _rates(axes: Axes, parts: Sequence[Part], title: str) -> None:
    places = range(len(parts))
    rates = [100 * one.win_rate for one in parts]
    axes.bar(places, rates, 0.55, color=_COLOURS[1], yerr=_errors(parts), capsize=4, label="won")
    axes.plot(places, [100 * one.told for one in parts], "D", color=_COLOURS[0], label="told")
    axes.set_xticks(places, [f"{one.name}\n{one.rows:,} leads" for one in parts])
    axes.set_xlim(-0.7, max(len(parts), 2) - 0.3)
    axes.set(title=f"{title}, and the mean propensity", ylabel="% (95 %)")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def _errors(parts: Sequence[Part]) -> list[list[float]]:
    """Down and up from each rate, in percent."""
    return [
        [100 * max(0.0, one.win_rate - one.low) for one in parts],
        [100 * max(0.0, one.high - one.win_rate) for one in parts],
    ]


def _shown(told: Evaluation) -> int:
    return min(MOST_SLICES, sum(one.auc is not None for one in told.slices))


def _slices(axes: Axes, evaluation: Evaluation) -> None:
    parts = [one for one in evaluation.slices if one.auc is not None][:MOST_SLICES][::-1]
    for at, one in enumerate(parts):
        low, middle, high = (told or 0.0 for told in (one.auc_low, one.auc, one.auc_high))
        axes.plot([low, high], [at, at], color=_COLOURS[1], linewidth=2)
        axes.plot([middle], [at], "o", color=_COLOURS[1])
    axes.set_yticks(range(len(parts)), [f"{one.by} {one.name} ({one.rows:,})" for one in parts])
    everyone = evaluation.models[OURS]["auc"].value
    if everyone is not None:
        axes.axvline(everyone, color=_COLOURS[0], linewidth=1, label=f"all: {everyone:.3f}")
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set(title="AUC by slice (95 %), slices of 30 leads or more", xlabel="AUC")


def _inputs(axes: Axes, importance: Importance) -> None:
    names = [name for name, _ in importance][::-1]
    axes.barh(range(len(names)), [told for _, told in importance][::-1], color=_COLOURS[1])
    axes.set_yticks(range(len(names)), names)
    axes.margins(y=0.01)
    axes.set(title="what moves the margin", xlabel="mean |contribution| over test leads, log-odds")
