"""`leadline up`."""

from __future__ import annotations

import click

from core.installation import Installation
from core.options import data_option


@click.command()
@data_option()
@click.option("--port", type=click.IntRange(1, 65535), help="Overrides api.port.  [default: 3000]")
def up(installation: Installation, port: int | None) -> None:
    """Run api, worker, deliver and the embedded server here; Ctrl-C stops all cleanly.

    Prints `ready at http://…` once events are accepted and scores answered.
    """
    from core.settings import load_settings
    from serving.running.up import run

    overrides = {"api": {"port": port}} if port else {}
    settings = load_settings(installation.settings_file, **overrides)
    run(installation, settings, tell=click.echo)
