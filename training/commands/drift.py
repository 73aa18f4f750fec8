"""`leadline models drift`: how far the world moved away from what the champion was taught on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed

if TYPE_CHECKING:
    from training.drift import Drift
    from training.tell_drift import Told

SHOWN = 10


@click.command()
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it as a PNG.")
@click.option("--only-look", is_flag=True, help="Send no signal, and keep nothing.")
@data_option()
@json_option
def drift(plot: Path | None, *, only_look: bool, installation: Installation, as_json: bool) -> None:
    """How far features, scores and fresh outcomes moved away from what the champion was taught on.

    Population stability index: below 0.1 none, above 0.25 much. What crosses its limit
    (`models.drift_psi`) is sent once, as the signal `model.drift`; a running system looks each day.
    """
    from training.drift import look
    from training.tell_drift import tell

    installed, now = open_installed(installation), SystemClock().now()
    found = look(installed, now)
    if plot is not None:
        from training.drift_plot import draw

        draw(plot, found)
    told = None if only_look else tell(installed, found, now)
    click.echo(_as_json(found, told) if as_json else _tell(found, told))
    if plot is not None:
        click.echo(f"drawn into {plot}", err=True)


def _as_json(found: Drift, told: Told | None) -> str:
    raised = told.alarms if told else []
    sent = told.signal.id if told and told.signal else None
    more = {"alarms": msgspec.to_builtins(raised), "signal": sent}
    return msgspec.json.encode(msgspec.to_builtins(found) | more).decode()


def _tell(found: Drift, told: Told | None = None) -> str:
    from training.drift import words

    score = "" if found.score is None else f" (PSI {found.score:.3f})"
    lines = [
        f"champion {found.champion}, by {found.vectors:,} {found.source} vectors{_compared(found)}",
        f"score: {words(found.score, found.score_chance)}{score}",
        f"features: {len(found.moved)} of {len(found.features)} have moved much",
    ]
    lines += [
        f"  {moved:6.3f}  {words(moved, found.chance.get(name)):<5} {name}"
        for name, moved in list(found.features.items())[:SHOWN]
    ]
    lines += [_figures("when it was trained", found.then), _figures("ended since", found.fresh)]
    if told is not None:
        lines += [f"alarm: {one.text}" for one in told.alarms]
    if told is not None and told.signal is not None:
        route = told.signal.data["route"]
        places = ", ".join(route["destinations"]) or "nobody"
        lines.append(f"told as model.drift to {route['owner']}, by {places}")
    return "\n".join(lines)


def _compared(found: Drift) -> str:
    if found.compared is None:
        return "; its profile tells no ages, so leads of all ages are compared"
    told = f"; {found.compared:,} leads near an age that was taught"
    return f"{told} are compared" if found.features else f"{told} are too few to compare"


def _figures(when: str, figures: dict[str, float]) -> str:
    if "auc" not in figures:
        rows, won = figures.get("rows", 0), figures.get("won", 0)
        return f"{when}: {rows:.0f} leads, {won:.0f} won: too few to tell"
    return (
        f"{when}: {figures['rows']:.0f} leads, AUC {figures['auc']:.3f}, "
        f"calibration error {figures['calibration_error']:.3f}"
    )
