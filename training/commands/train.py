"""`leadline train`: a model from the outcomes known so far, registered and put in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed


@click.command()
@data_option()
@click.option(
    "--split",
    "split_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with crm_id,split (train, valid or test). Without it the newest accounts test.",
)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--no-promote", is_flag=True, help="Register it, but leave the champion.")
@json_option
def train(
    installation: Installation,
    split_file: Path | None,
    seed: int,
    threads: int,
    no_promote: bool,
    as_json: bool,
) -> None:
    """Train a model on the outcomes known so far."""
    # Imported here: LightGBM and scikit-learn are not needed to tell how to use the command.
    from training.split import read_split
    from training.train import Order, train

    installed = open_installed(installation)
    order = Order(
        now=SystemClock().now(),
        parts=read_split(split_file) if split_file else None,
        promote=not no_promote,
        seed=seed,
        threads=threads,
    )
    click.echo("training: label, read, fit, compare, publish, keep …", err=True)
    told = train(installed.installation, installed.engine, installed.settings.models, order)
    click.echo(msgspec.json.encode(told).decode() if as_json else _tell(told))


FIGURES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier",
    "calibration_error": "calibration error",
}


def _tell(told: dict[str, Any]) -> str:
    test = told["test"]
    place = "champion" if told["promoted"] else "registered, not promoted"
    figures = ", ".join(
        f"{words} {test[name]:.3f}" for name, words in FIGURES.items() if name in test
    )
    steps = ", ".join(f"{verb} {spent:g} s" for verb, spent in told["seconds"].items())
    return (
        f"{told['name']} version {told['version']} ({place}): {told['trees']} trees on "
        f"{told['features']} features\n"
        f"{test['rows']:.0f} test leads: {figures or 'no figures'}\n{steps}"
    )
