"""`leadline features`: what is known of a lead and an account."""

from __future__ import annotations

import click

from serving.commands.features_apply import apply
from serving.commands.features_compact import compact
from serving.commands.features_health import health
from serving.commands.features_list import check, list_features
from serving.commands.features_parity import parity
from serving.commands.features_rebuild import backfill, rebuild_online


@click.group()
def features() -> None:
    """The features: declared once, in features/definitions.py."""


for command in (list_features, check, apply, backfill, rebuild_online, compact, parity, health):
    features.add_command(command)
