"""`leadline features`: what is known of a lead and an account."""

from __future__ import annotations

import click

from core.installation import Installation
from core.options import data_option
from serving.commands.features_compact import compact
from serving.commands.features_health import health
from serving.commands.features_list import check, list_features
from serving.commands.features_parity import parity
from serving.commands.features_rebuild import backfill, rebuild_online


@click.group()
def features() -> None:
    """The features: declared once, in features/definitions.py."""


for command in (list_features, check, backfill, rebuild_online, compact, parity, health):
    features.add_command(command)


@features.command()
@data_option()
def apply(installation: Installation) -> None:
    """Bring Feast's registry up to the definitions; `leadline up` does so by itself."""
    from features.feast_store import apply as apply_definitions

    click.echo("applying the definitions (Feast takes some seconds to start)")
    for view in apply_definitions(installation.create()):
        click.echo(f"applied {view}")
