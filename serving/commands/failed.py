"""`leadline failed`: events that were accepted and then refused, and why."""

from __future__ import annotations

from typing import Any

import click

from core.installation import Installation
from core.options import data_option, json_option


@click.group()
def failed() -> None:
    """Events that break the event contract. They are kept with every reason."""


@failed.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@data_option()
@json_option
def list_events(limit: int, installation: Installation, as_json: bool) -> None:
    """The newest first, without their payload."""
    import msgspec

    from core.database import reading
    from events.failed import list_failed

    with reading(_record(installation)) as connection:
        rows = list_failed(connection, limit)
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        click.echo(f"{row['offset']:>8}  {row['recorded_at']}  {row['reason']}")
        for problem in row["problems"]:
            click.echo(f"{'':10}{_line(problem)}")
    if not rows:
        click.echo("no failed events")


@failed.command()
@click.argument("offset", type=int)
@data_option()
@json_option
def show(offset: int, installation: Installation, as_json: bool) -> None:
    """One failed event with its payload as it came in; OFFSET is the first column of the list."""
    import msgspec

    from core.database import reading
    from core.errors import WorkError
    from events.failed import show_failed

    with reading(_record(installation)) as connection:
        event = show_failed(connection, offset)
    if event is None:
        raise WorkError(f"no failed event at offset {offset}", do="`leadline failed list` has them")
    if as_json:
        click.echo(msgspec.json.encode(event).decode())
        return
    payload = event.pop("raw")
    problems = event.pop("problems")
    for name, value in event.items():
        click.echo(f"{name:12} {value}")
    for problem in problems:
        click.echo(f"{'problem':12} {_line(problem)}")
    click.echo(payload)


def _record(installation: Installation) -> Any:
    from core.connections import existing_record
    from core.settings import load_settings

    return existing_record(installation, load_settings(installation.settings_file))


def _line(problem: dict[str, str]) -> str:
    return f"{problem['path']}: {problem['message']}" if problem["path"] else problem["message"]
