"""`leadline demo`."""

from __future__ import annotations

import signal

import click

from core.installation import Installation
from core.options import data_option
from demo.world import DIFFICULTIES


@click.command()
@data_option(".leadline/demo")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True, help="Of the world.")
@click.option(
    "--difficulty",
    type=click.Choice(DIFFICULTIES),
    default="intermediate",
    show_default=True,
    help="How well the future can be told.",
)
@click.option(
    "--leads",
    type=click.IntRange(60),
    default=5000,
    show_default=True,
    help="How many leads the world has.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=3000,
    show_default=True,
    help="Where the api listens, on this machine only.",
)
@click.option("--keep-running", is_flag=True, help="Stay up after the summary, until Ctrl-C.")
def demo(
    installation: Installation,
    seed: int,
    difficulty: str,
    leads: int,
    port: int,
    keep_running: bool,
) -> None:
    """Run the whole job on a generated commercial world and print its figures.

    History over HTTP, features, a trained model, scores, and live visitors whose signals arrive at
    a small local receiver. Empties and fills the data folder; stops all that it started.
    """
    from demo.run import Options, run
    from demo.teller import Teller

    # Whoever ends the demo, everything it started has to end with it.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    run(Options(installation, seed, difficulty, leads, port, keep_running), Teller())
