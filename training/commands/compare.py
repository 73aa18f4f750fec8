"""`leadline compare V1 V2`: two versions of the model on the same leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.errors import WorkError
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed

if TYPE_CHECKING:
    from training.bootstrap import Figure
    from training.versus import Versus


@click.command()
@click.argument("first", metavar="V1")
@click.argument("second", metavar="V2")
@click.option("--seed", type=int, default=7, show_default=True, help="Of the bootstrap.")
@data_option()
@json_option
def compare(first: str, second: str, seed: int, installation: Installation, as_json: bool) -> None:
    """Compare version V2 with V1 on the leads whose end is known and that taught neither."""
    from scoring import registry
    from training.versus import versus

    installed = open_installed(installation)
    if not registry.store(installation).exists():
        raise WorkError("no model was ever trained here", do="run `leadline train` first")
    click.echo("reading the leads whose end is known …", err=True)
    told = versus(installed, first, second, SystemClock().now(), seed)
    click.echo(msgspec.json.encode(told).decode() if as_json else "\n".join(_lines(told)))


def _lines(told: Versus) -> Iterator[str]:
    from training.weighted import LESS_IS_BETTER

    yield f"{told.rows:,} leads of {told.accounts:,} accounts, {told.won:,} won; 95 % by account"
    yield f"{'':20}{told.first:>9}{told.second:>9}   {told.second} less {told.first}"
    for metric, less in told.differences.items():
        first, second = (told.figures[name][metric] for name in (told.first, told.second))
        better = _surely(less, -1 if metric in LESS_IS_BETTER else 1)
        yield (
            f"{metric.replace('_', ' '):20}{_number(first):>9}{_number(second):>9}   "
            f"{_interval(less)}{better}"
        )
    yield from (f"note: {note}" for note in told.notes)


def _number(figure: Figure) -> str:
    return "–" if figure.value is None else f"{figure.value:.4f}"


def _interval(less: Figure) -> str:
    if less.value is None or less.low is None or less.high is None:
        return "–"
    return f"{less.value:+.4f} ({less.low:+.4f} to {less.high:+.4f})"


def _surely(less: Figure, sign: int) -> str:
    if less.low is None or less.high is None or less.low <= 0 <= less.high:
        return ""
    return "  surely better" if sign * less.low > 0 else "  surely worse"
