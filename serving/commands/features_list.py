"""`leadline features list` and `check`: what is declared, what it means, who reads it."""

from __future__ import annotations

from typing import Any

import click

from core.installation import Installation
from core.options import data_option, json_option


@click.command("list")
@click.option(
    "--services", is_flag=True, help="The feature services instead: what each model version reads."
)
@data_option()
@json_option
def list_features(installation: Installation, services: bool, as_json: bool) -> None:
    """Every feature: type, window, meaning, and which rules and models read it."""
    if services:
        _list_services(installation, as_json)
    else:
        _list_features(installation, as_json)


def _list_services(installation: Installation, as_json: bool) -> None:
    """From Feast's registry, with the digest by which a service and today's code are compared."""
    import msgspec

    from features.services import list_services

    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "features": one.features,
            "digest": one.digest,
            "views": one.views,
            "current": one.is_current,
        }
        for one in list_services(installation)
    ]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    if not rows:
        click.echo("none yet: `leadline features apply` makes the first")
    for row in rows:
        old = "" if row["current"] else "  (its features are defined otherwise today)"
        told = f"{row['name']:24} {len(row['features']):>4} features of {', '.join(row['views'])}"
        click.echo(f"{told}  digest {row['digest']}{old}")


def _list_features(installation: Installation, as_json: bool) -> None:
    import msgspec

    from features.definitions import FEATURES
    from features.describe import describe, value_type, window

    rules, models = _rules(), _models(installation)
    rows: list[dict[str, Any]] = [
        {
            **feature._asdict(),
            "type": value_type(feature),
            "window": window(feature),
            "meaning": describe(feature),
            "rules": rules.get(feature.name, []),
            "models": models.get(feature.name, []),
        }
        for feature in FEATURES
    ]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        click.echo(f"{row['name']:34} {row['type']:7} {row['window']:12} {row['meaning']}")
        if readers := [*row["rules"], *row["models"]]:
            click.echo(f"{'':34} read by {', '.join(readers)}")


@click.command()
@data_option()
def check(installation: Installation) -> None:  # noqa: ARG001 - every command takes --data
    """Are the declared features sound? Every problem, with file and line; exit code 2."""
    from features.check import check as check_definitions
    from features.definitions import FEATURES
    from features.measures import MEASURES

    check_definitions()
    click.echo(f"{len(FEATURES)} features of {len(MEASURES)} measures: sound")


def _rules() -> dict[str, list[str]]:
    from rules.catalog import read_catalog
    from rules.usage import facts_used

    return facts_used(read_catalog())


def _models(installation: Installation) -> dict[str, list[str]]:
    """Feature → releases in this installation whose model reads it."""
    from scoring.card import cards_in

    found: dict[str, list[str]] = {}
    for card in cards_in(installation.releases):
        for name in card.feature_names:
            found.setdefault(name, []).append(f"{card.name}-{card.version}")
    return found
