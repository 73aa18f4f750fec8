"""`leadline features parity`: what was served, against what history says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from core.installation import Installation
from core.options import data_option, json_option

if TYPE_CHECKING:
    import sqlalchemy as sa

    from features.parity import Parity


@click.command()
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=20_000,
    show_default=True,
    help="Values to compare: the newest that were served.",
)
@click.option(
    "--new",
    "only_new",
    is_flag=True,
    help="Only what no earlier --new has seen; its figures appear in /metrics.",
)
@data_option()
@json_option
@click.pass_context
def parity(
    context: click.Context, sample: int, only_new: bool, installation: Installation, as_json: bool
) -> None:
    """Compare served values with the lake, through Feast. Exit code 1 if any differs, or if there
    was none to compare (with --new, nothing new is no failure).
    """
    import msgspec

    from core.connections import existing_record
    from core.settings import load_settings

    engine = existing_record(installation, load_settings(installation.settings_file))
    try:
        found = (_compare_new if only_new else _compare)(engine, installation, sample)
    finally:
        engine.dispose()
    enough = found.compared >= sample
    if not enough:
        click.echo(_too_few(found.compared, sample), err=True)
    if as_json:
        told = {"asked": sample, "enough": enough, **msgspec.to_builtins(found)}
        click.echo(msgspec.json.encode(told).decode())
    else:
        _tell(found)
    proves_nothing = found.compared == 0 and not only_new
    context.exit(int(found.mismatches > 0 or proves_nothing))


def _too_few(compared: int, sample: int) -> str:
    """A comparison of little or nothing must not look like one of all that was asked for."""
    return (
        f"only {compared:,} of the {sample:,} values asked for were served and kept: serve more, "
        "raise features.served_sample in the settings, or lower --sample"
    )


def _compare(engine: sa.Engine, installation: Installation, sample: int) -> Parity:
    from core.database import reading
    from features.parity import compare, vectors_for
    from features.served import newest_served

    with reading(engine) as connection:
        served = newest_served(connection, vectors_for(sample))
    return compare(installation, served)


def _compare_new(engine: sa.Engine, installation: Installation, sample: int) -> Parity:
    """Looked at and written down, also when nothing is new: that it runs is a figure as well."""
    from core.clock import SystemClock
    from core.database import reading, writing
    from features.parity import compare, vectors_for
    from features.parity_run import last_run, save_run
    from features.served import newest_served

    with reading(engine) as connection:
        served = newest_served(connection, vectors_for(sample), last_run(connection).up_to)
    found = compare(installation, served)
    newest = served[0].id if served else 0
    with writing(engine) as connection:
        save_run(connection, SystemClock().now(), newest, found.compared, found.mismatches)
    return found


def _tell(found: Parity) -> None:
    click.echo(
        f"{found.compared:,} values of {found.vectors:,} vectors compared "
        f"({found.filled:,} neither zero nor missing): {found.mismatches:,} differ"
    )
    worst = sorted(found.per_feature.items(), key=lambda told: -told[1].mismatches)
    for name, count in worst:
        if count.mismatches:
            click.echo(f"  {name:34} {count.mismatches:>8,} of {count.compared:,}")
    for one in found.examples:
        click.echo(
            f"  {one.lead_id} {one.feature}: served {one.served!r}, history has {one.offline!r}"
        )
