"""`leadline models drift`: how far the world moved away from what the champion was taught on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed

if TYPE_CHECKING:
    from training.drift import Drift

SHOWN = 10


@click.command()
@data_option()
@json_option
def drift(installation: Installation, as_json: bool) -> None:
    """How far features, scores and fresh outcomes moved away from what the champion was taught on.

    Population stability index: below 0.1 none, above 0.25 much.
    """
    from training.drift import look

    told = look(open_installed(installation), SystemClock().now())
    click.echo(msgspec.json.encode(told).decode() if as_json else _tell(told))


def _tell(told: Drift) -> str:
    from training.drift import words

    score = "" if told.score is None else f" (PSI {told.score:.3f})"
    lines = [
        f"champion {told.champion}, by {told.vectors:,} {told.source} vectors",
        f"score: {words(told.score)}{score}",
        f"features: {len(told.moved)} of {len(told.features)} have moved much",
    ]
    most = list(told.features.items())[:SHOWN]
    lines += [f"  {moved:6.3f}  {words(moved):<5} {name}" for name, moved in most]
    lines += [_figures("when it was trained", told.then), _figures("ended since", told.fresh)]
    return "\n".join(lines)


def _figures(when: str, figures: dict[str, float]) -> str:
    if "auc" not in figures:
        rows, won = figures.get("rows", 0), figures.get("won", 0)
        return f"{when}: {rows:.0f} leads, {won:.0f} won: too few to tell"
    return (
        f"{when}: {figures['rows']:.0f} leads, AUC {figures['auc']:.3f}, "
        f"calibration error {figures['calibration_error']:.3f}"
    )
