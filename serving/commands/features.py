"""`leadline features`: what is known of a lead and an account."""

from __future__ import annotations

import click

from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.features_compact import compact
from serving.commands.features_health import health
from serving.commands.features_parity import parity


@click.group()
def features() -> None:
    """The features: declared once, in features/definitions.py."""


features.add_command(compact)
features.add_command(parity)
features.add_command(health)


@features.command("list")
@data_option()
@json_option
def list_features(installation: Installation, as_json: bool) -> None:  # noqa: ARG001
    """Every feature with its entity, kind, measure and window in days (0: ever)."""
    import msgspec

    from features.definitions import FEATURES

    if as_json:
        click.echo(msgspec.json.encode([feature._asdict() for feature in FEATURES]).decode())
        return
    for feature in FEATURES:
        window = f"{feature.days} d" if feature.days else ""
        told = f"{feature.name:34} {feature.entity:8} {feature.kind:9} {feature.of:24} {window}"
        click.echo(told.rstrip())


@features.command()
@data_option()
def apply(installation: Installation) -> None:
    """Bring Feast's registry up to the definitions; `leadline up` does so by itself."""
    from features.feast_store import apply as apply_definitions

    click.echo("applying the definitions (Feast takes some seconds to start)")
    for view in apply_definitions(installation.create()):
        click.echo(f"applied {view}")
