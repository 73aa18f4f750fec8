"""`leadline retrain`: a new model if it is time, promoted only if the gates let it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed

if TYPE_CHECKING:
    from training.retrain import Told


@click.command()
@click.option("--force", is_flag=True, help="Train, also if it is not time.")
@data_option()
@json_option
def retrain(*, force: bool, installation: Installation, as_json: bool) -> None:
    """Train anew if it is time, judge the model, and promote it only if it is better.

    It is time some days after the last training, after enough new outcomes, or when something has
    drifted (`models` in the settings). For a scheduler; a running system looks by itself.
    """
    from training.retrain import retrain as run

    told = run(open_installed(installation), SystemClock(), force=force, tell=_say)
    click.echo(msgspec.json.encode(told).decode() if as_json else _tell(told))


def _say(line: str) -> None:
    click.echo(line, err=True)


def _tell(told: Told) -> str:
    if told.verdict is None:
        return f"not now: {told.why}"
    lines = [f"version {told.version}: {told.decision}, against {told.verdict.against}"]
    lines += [f"  because: {reason}" for reason in told.verdict.reasons]
    lines += [
        f"  {'passed' if gate.passed else 'FAILED'}  {gate.name}: {gate.told}"
        for gate in told.verdict.gates
    ]
    return "\n".join([*lines, *(f"  note: {note}" for note in told.notes)])
