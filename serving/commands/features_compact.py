"""`leadline features compact`: few large files instead of many small ones."""

from __future__ import annotations

import click

from core.installation import Installation
from core.options import data_option, json_option


@click.command()
@click.option("--retain", is_flag=True, help="Also drop what is older than lake.keep_days.")
@data_option()
@json_option
def compact(installation: Installation, retain: bool, as_json: bool) -> None:
    """Merge the lake's small files; remove those replaced longer than lake.grace_s ago."""
    import msgspec

    from core.clock import SystemClock
    from core.connections import existing_record
    from core.settings import load_settings
    from features.tend import tend

    settings = load_settings(installation.settings_file)
    engine = existing_record(installation, settings)
    try:
        told = tend(installation, engine, settings.lake, SystemClock().now(), retain)
    finally:
        engine.dispose()
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"merged {told.merged} files, removed {told.removed}, dropped {told.dropped} rows")
