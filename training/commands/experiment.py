"""`leadline experiment start`, `report`, `stop`, `list`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from core.clock import DAY, SystemClock, to_iso
from core.database import reading
from core.errors import WorkError
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import Installed, open_installed

if TYPE_CHECKING:
    from scoring.experiment import Experiment


def _as_share(_context: click.Context, _option: click.Parameter, percent: float | None) -> Any:
    return None if percent is None else percent / 100


PERCENT = click.FloatRange(0, 100, min_open=True, max_open=True)


@click.group()
def experiment() -> None:
    """A/B tests of models and rules: one challenger against the champion."""


@experiment.command()
@click.option("--challenger", help="The version of the model that challenges the champion.")
@click.option("--rules", "rules_version", type=click.IntRange(1), help="A version of the rules.")
@click.option(
    "--share",
    type=PERCENT,
    metavar="PERCENT",
    callback=_as_share,
    default=20.0,
    show_default=True,
    help="Of accounts.",
)
@click.option("--shadow", is_flag=True, help="Score with both, act on the champion alone.")
@click.option(
    "--metric",
    type=click.Choice(["win_rate", "revenue", "speed"]),
    default="win_rate",
    show_default=True,
    help="What decides, for an account (or a lead without one).",
)
@click.option(
    "--lift",
    type=click.FloatRange(0, min_open=True),
    metavar="PERCENT",
    callback=_as_share,
    default=20.0,
    show_default=True,
    help="The least improvement worth finding, relative to the champion.",
)
@click.option(
    "--window-days",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How long after its first score a unit may still be won; it counts after that.",
)
@click.option("--max-days", type=click.IntRange(1), default=60, show_default=True)
@click.option(
    "--base-rate",
    type=PERCENT,
    metavar="PERCENT",
    callback=_as_share,
    help="The champion's win rate to plan with; by default that of the past.",
)
@click.option(
    "--harmful",
    multiple=True,
    metavar="RULE",
    help="A suppression that tells of harm, by its id; may be given several times. "
    "By default unsubscribed.",
)
@click.option("--name", help="By default what challenges.")
@data_option()
@json_option
def start(installation: Installation, as_json: bool, **asked: Any) -> None:
    """Start an experiment; a running system follows in seconds."""
    from training.experiment import start as starting

    order = msgspec.convert(asked, starting.Order)
    told = starting.start(open_installed(installation), order, SystemClock())
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    from training.experiment.wording import tell_start

    click.echo(tell_start(told))


@experiment.command()
@click.argument("number", required=False)
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this PNG file."
)
@data_option()
@json_option
def report(
    number: str | None, plot: Path | None, installation: Installation, as_json: bool
) -> None:
    """Report of the experiment that runs, of the last one, or of NUMBER.

    May be read as often as you like: its intervals hold at all looks together.
    """
    from training.experiment.report import report as make_report

    installed = open_installed(installation)
    told = make_report(installed.engine, _find(installed, number), SystemClock().now())
    if plot is not None:
        from training.experiment.plot import draw

        draw(plot, told)
    if as_json:
        click.echo(msgspec.json.encode(told.report).decode())
        return
    from training.experiment.wording import tell_report

    click.echo(tell_report(told.report))
    if plot is not None:
        click.echo(f"drawn into {plot}")


@experiment.command()
@click.option("--promote", is_flag=True, help="Put the challenger in force for everybody.")
@click.option(
    "--despite-verdict", is_flag=True, help="With --promote: also one that the report lets not win."
)
@data_option()
def stop(promote: bool, despite_verdict: bool, installation: Installation) -> None:
    """Stop the experiment that runs; the champion serves everybody within seconds.

    With --promote the report's verdict is told first, and decides unless it is overruled.
    """
    from training.experiment import start as starting

    installed = open_installed(installation)
    if promote:
        _ask_verdict(installed, despite_verdict)
    ended, trouble = starting.stop(installed, SystemClock(), promote=promote)
    what = "its challenger is in force for everybody" if promote else "the champion stays"
    click.echo(f"experiment {ended.id} ({ended.spec.name}) has ended: {what}")
    if trouble:
        click.echo(trouble, err=True)


def _ask_verdict(installed: Installed, despite: bool) -> None:
    """Before anything has moved. WorkError where the challenger does not win and nobody insists."""
    from scoring.experiment import running
    from training.experiment.report import report as make_report
    from training.experiment.stop import Verdict

    with reading(installed.engine) as record:
        found = running(record)
    if found is None:
        return  # `stop` says so
    told = make_report(installed.engine, found, SystemClock().now()).report
    if told.verdict is not Verdict.CHALLENGER_WINS and not despite:
        raise WorkError(
            f"experiment {found.id} runs on, nothing was promoted; its verdict is: {told.words}",
            do="`leadline experiment stop` keeps the champion; to put the challenger in force all "
            "the same, add --despite-verdict",
        )
    click.echo(told.words)


@experiment.command("list")
@data_option()
@json_option
def list_experiments(installation: Installation, as_json: bool) -> None:
    """List all experiments, newest first."""
    from scoring.experiment import everyone

    installed = open_installed(installation)
    with reading(installed.engine) as record:
        found = everyone(record)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    now = SystemClock().now()
    for one in found:
        days = ((one.ended_at or now) - one.started_at) / DAY
        click.echo(
            f"{one.id:>4}  {to_iso(one.started_at)}  {days:5.1f} d  {_state(one)}  {one.spec.name}"
        )


def _state(one: Experiment) -> str:
    if one.ended_at is None:
        return "runs    "
    return "promoted" if one.promoted else "stopped "


def _find(installed: Installed, number: str | None) -> Experiment:
    """The one of this number; without one that which runs, or the last."""
    from scoring.experiment import everyone

    with reading(installed.engine) as record:
        found = everyone(record)
    wanted = [one for one in found if number is None or one.id == number]
    if not wanted:
        known = ", ".join(one.id for one in found) or "none yet"
        told = (
            "there was no experiment yet" if number is None else f"there is no experiment {number}"
        )
        raise WorkError(told, do=f"there are {known}: see `leadline experiment start --help`")
    return wanted[0]
