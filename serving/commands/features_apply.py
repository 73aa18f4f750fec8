"""`leadline features apply`: Feast's registry, brought up to the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from core.installation import Installation
from core.options import data_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from features.services import Service


@click.command()
@data_option()
def apply(installation: Installation) -> None:
    """Bring Feast's registry up to the definitions; `leadline up` does so by itself.

    The feature services of all releases in the installation are applied again as well.
    """
    from features.feast_store import apply as apply_definitions
    from features.services import apply_services

    click.echo("applying the definitions (Feast takes some seconds to start)")
    for view in apply_definitions(installation.create()):
        click.echo(f"applied {view}")
    services = list(_released(installation))
    apply_services(installation, services)
    for service in services:
        click.echo(f"applied {service.name}")


def _released(installation: Installation) -> Iterator[Service]:
    """What the releases in this installation read, by their cards."""
    from features.services import Service, version_service
    from scoring.card import cards_in

    for card in cards_in(installation.releases):
        name = version_service(card.name, card.version)
        yield Service(name, card.features, card.features_digest)
