"""`leadline features list` and `check`: what is declared, what it means, who reads it."""

from __future__ import annotations

from typing import Any

import click

from core.installation import Installation
from core.options import data_option, json_option


@click.command("list")
@data_option()
@json_option
def list_features(installation: Installation, as_json: bool) -> None:
    """Every feature: type, window, meaning, and which rules and models read it."""
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
    import msgspec

    from scoring.card import Card

    found: dict[str, list[str]] = {}
    for path in sorted(installation.releases.glob("*/model.json")):
        try:
            names = msgspec.json.decode(path.read_bytes(), type=Card).feature_names
        except (OSError, msgspec.MsgspecError):
            continue
        for name in names:
            found.setdefault(name, []).append(path.parent.name)
    return found
