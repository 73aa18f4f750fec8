"""`leadline rules backtest`: what a draft would have done to the leads whose end is known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from core.errors import DefinitionError, Problem
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.draft import draft_option

if TYPE_CHECKING:
    from signals.backtest.backtest import Version
    from signals.backtest.report import Report


@click.command()
@draft_option
@click.option(
    "--days",
    type=click.IntRange(1, 36_500),
    default=365,
    show_default=True,
    help="Leads whose end became known in so many days.",
)
@click.option("--seed", type=int, default=7, show_default=True, help="Of the bootstrap.")
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this PNG file."
)
@data_option()
@json_option
def backtest(
    draft: Path | None,
    days: int,
    seed: int,
    plot: Path | None,
    installation: Installation,
    as_json: bool,
) -> None:
    """Compare a draft with the rules in force on the leads whose end is known, as they were then.

    Exit code 2 for a wrong draft, 1 when no lead's end is known.
    """
    report = _run(draft, days, seed, installation, as_json)
    if plot is not None:
        from signals.backtest.draw import draw

        draw(plot, report)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    from signals.backtest.telling import lines

    click.echo("\n".join(lines(report)))
    if plot is not None:
        click.echo(f"drawn into {plot}")


def _run(
    draft: Path | None, days: int, seed: int, installation: Installation, as_json: bool
) -> Report:
    from core.clock import SystemClock
    from core.connections import existing_record
    from core.release import current
    from core.settings import load_settings
    from rules import load_catalog
    from rules.life import version_files
    from signals.backtest.backtest import Version, backtest
    from signals.backtest.past import past

    after = _read_draft(draft, as_json)
    settings = load_settings(installation.settings_file)
    engine = existing_record(installation, settings)
    try:
        in_force = current(engine)
        version = in_force.rules_version
        before = Version(f"version {version}", load_catalog(version_files(engine, version)))
        now = SystemClock().now()
        click.echo("reading the leads of the past …", err=True)
        leads = past(installation, engine, settings.models, in_force, now, days)
    finally:
        engine.dispose()
    click.echo(f"judging {leads.table.num_rows:,} leads twice …", err=True)
    return backtest(leads, before, after, days=days, now=now, seed=seed)


def _read_draft(draft: Path | None, as_json: bool) -> Version:
    """A wrong draft ends here, with all that is wrong; as JSON on stdout if that was asked for."""
    from rules import catalog_digest, check_catalog, read_catalog
    from signals.backtest.backtest import Version

    try:
        files = read_catalog(draft)
        told = f"{draft or 'the shipped catalog'} ({catalog_digest(files)})"
        return Version(told, check_catalog(files))
    except DefinitionError as wrong:
        if not as_json:
            raise
        problems = wrong.problems or (Problem("", wrong.detail),)
        click.echo(msgspec.json.encode({"ok": False, "problems": problems}).decode())
        raise click.exceptions.Exit(wrong.exit_code) from wrong
