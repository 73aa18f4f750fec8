"""`leadline rules shadow`: a draft beside the version in force, on live traffic, never acted on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.errors import DefinitionError, Problem, WorkError
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.author import author_option
from serving.commands.draft import draft_option
from serving.commands.record import record_of

if TYPE_CHECKING:
    from signals.shadow.report import Bands, Report


@click.group()
def shadow() -> None:
    """Run a draft beside the rules in force: counted, compared, never acted on."""


@shadow.command()
@draft_option
@click.option(
    "--share",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="Percent of the leads; always the same ones.",
)
@author_option
@data_option()
@json_option
def start(
    draft: Path | None, share: int, author: str, installation: Installation, as_json: bool
) -> None:
    """Let a draft shadow. Exit code 2 for a wrong one, 1 while another one shadows."""
    from rules import check_catalog, read_catalog
    from signals.shadow.draft import start

    try:
        files = read_catalog(draft)
        check_catalog(files)
    except DefinitionError as wrong:
        if not as_json:
            raise
        problems = wrong.problems or (Problem("", wrong.detail),)
        click.echo(msgspec.json.encode({"ok": False, "problems": problems}).decode())
        raise click.exceptions.Exit(wrong.exit_code) from wrong
    begun = start(record_of(installation), files, author, SystemClock().now(), share)
    if as_json:
        click.echo(msgspec.json.encode({"ok": True, "digest": begun.digest}).decode())
        return
    click.echo(f"draft {begun.digest} shadows for {share} % of the leads; the worker takes it up")
    click.echo("within a second. `leadline rules shadow report` says what it would change")


@shadow.command()
@data_option()
@json_option
def stop(installation: Installation, as_json: bool) -> None:
    """End the shadow; its report stays until the next one begins."""
    from signals.shadow.draft import stop

    ended = stop(record_of(installation), SystemClock().now())
    if as_json:
        click.echo(msgspec.json.encode({"ok": True, "digest": ended.digest}).decode())
    else:
        click.echo(f"draft {ended.digest} shadows no more")


@shadow.command()
@data_option()
@json_option
def report(installation: Installation, as_json: bool) -> None:
    """What the draft would have changed so far."""
    from core.database import reading
    from serving.kept.served_shadow import served_bands
    from serving.release.inforce import InForce
    from signals.shadow.report import report

    engine = record_of(installation)
    with reading(engine) as connection:
        told = report(connection)
    if told is None:
        raise WorkError(
            "no draft has ever shadowed here", do="start one with `leadline rules shadow start`"
        )
    served = served_bands(engine, InForce(installation, engine).now())
    if as_json:
        whole = {**msgspec.to_builtins(told), "served": msgspec.to_builtins(served)}
        click.echo(msgspec.json.encode(whole).decode())
    else:
        click.echo("\n".join(_lines(told, served)))


def _lines(told: Report, served: tuple[Bands, ...]) -> Iterator[str]:
    end = f"until {told.stopped_at}" if told.stopped_at else "still running"
    yield f"draft {told.digest} of {told.author}, since {told.started_at}, {end}"
    if told.reason:
        yield f"it was stopped because it does not work: {told.reason}"
    share = "" if told.share == 100 else f" of {told.share} % of the leads"
    differ = "" if told.differ is None else f", {told.differ:.1%} in another band"
    yield f"the worker looked {told.looks:,} times{share}{differ}"
    yield from _matrix(told.bands)
    for one in told.signals:
        more = one.draft - one.live
        yield f"  {one.type}: {one.live:,} live, {one.draft:,} under the draft ({more:+,})"
    if served:
        yield f"of {sum(one.looks for one in served):,} score calls that were kept:"
        yield from _matrix(served)
    if told.newest:
        leads = (
            "1 lead differs"
            if told.leads_that_differ == 1
            else (f"{told.leads_that_differ:,} leads differ")
        )
        yield f"{leads} now; the newest:"
    for lead in told.newest:
        causes = ", ".join(name if by is None else f"{name} {by:+g}" for name, by in lead.because)
        yield (
            f"  {lead.at}  {lead.lead_id}  {lead.live_band} {lead.live_priority:g} → "
            f"{lead.draft_band} {lead.draft_priority:g}  {causes}"
        )


def _matrix(bands: Iterable[Bands]) -> Iterator[str]:
    for one in bands:
        yield f"  {one.live} → {one.draft}: {one.looks:,}"
