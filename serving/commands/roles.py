"""`leadline api`, `leadline worker`, `leadline deliver`: one role alone."""

from __future__ import annotations

import importlib
import logging

import click

from core.installation import Installation
from core.options import data_option


@click.command()
@data_option()
@click.option("--port", type=click.IntRange(1, 65535), help="Overrides api.port.  [default: 3000]")
def api(installation: Installation, port: int | None) -> None:
    """Accept events and answer score calls, until SIGINT or SIGTERM."""
    _run("api", installation, port)


@click.command()
@data_option()
def worker(installation: Installation) -> None:
    """Read accepted events from the log and turn them into signals, until SIGINT or SIGTERM."""
    _run("worker", installation)


@click.command()
@data_option()
def deliver(installation: Installation) -> None:
    """Send signals to their destinations and run the timers, until SIGINT or SIGTERM."""
    _run("deliver", installation)


def _run(name: str, installation: Installation, port: int | None = None) -> None:
    """One process a role and folder: two workers would both believe the offset to be theirs."""
    from core.locks import held
    from core.settings import load_settings
    from serving.roles.runner import run_until_signal

    overrides = {"api": {"port": port}} if port else {}
    settings = load_settings(installation.settings_file, **overrides)
    installation.create()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with held(installation.run / f"{name}.lock", name):
        role = importlib.import_module(f"serving.roles.{name}")
        run_until_signal(lambda stop: role.run(installation, settings, stop))
