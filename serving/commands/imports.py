"""`leadline import leads` and `import outcomes`: a CRM's export, CSV or Parquet, as history."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.installation import Installation
from core.options import data_option, json_option

if TYPE_CHECKING:
    from events.imports.plan import Plan
    from events.imports.profile import Profile
    from events.imports.source import Source
    from events.imports.take import Kind, Report

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_MAPPING = click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML: which column means what. Without it a mapping is guessed and printed.",
)
_WRITE = click.option(
    "--write-mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the mapping there for correction, and import nothing.",
)


@click.group("import")
def imports() -> None:
    """Bring leads and outcomes from a CRM's export. The same file twice brings nothing new."""


@imports.command()
@_FILE
@_MAPPING
@_WRITE
@click.option(
    "--replace", is_flag=True, help="Changed values count from the lead's creation, not from now."
)
@data_option()
@json_option
def leads(
    file: Path,
    mapping_file: Path | None,
    write_mapping: Path | None,
    replace: bool,
    installation: Installation,
    as_json: bool,
) -> None:
    """Import leads with all their columns, and how they ended if FILE says so."""
    _import(installation, file, "leads", mapping_file, write_mapping, as_json, replace)


@imports.command()
@_FILE
@_MAPPING
@_WRITE
@data_option()
@json_option
def outcomes(
    file: Path,
    mapping_file: Path | None,
    write_mapping: Path | None,
    installation: Installation,
    as_json: bool,
) -> None:
    """Import how deals ended. An open deal is no loss; it is counted and waits."""
    _import(installation, file, "outcomes", mapping_file, write_mapping, as_json, replace=False)


def _import(
    installation: Installation,
    file: Path,
    kind: Kind,
    mapping_file: Path | None,
    write_mapping: Path | None,
    as_json: bool,
    replace: bool,
) -> None:
    from core.clock import SystemClock
    from core.settings import load_settings
    from events.imports.doubts import doubts
    from events.imports.guess import guess
    from events.imports.mapping import check, read_mapping, to_yaml
    from events.imports.mapping import write_mapping as write
    from events.imports.profile import lines, profile
    from events.imports.source import Source

    settings = load_settings(installation.settings_file)
    plan = read_mapping(mapping_file) if mapping_file else None
    source = Source(file, *((plan.file.encoding, plan.file.delimiter) if plan else ()))
    if plan is not None:
        check(plan, source.columns, kind)
    seen = profile(source, *((plan.blanks,) if plan else ()))
    for line in lines(seen.columns):
        click.echo(line, err=True)
    if plan is None:
        days_back = max(settings.models.label_days, settings.models.moment_days)
        plan = guess(source, seen, kind, SystemClock().now(), days_back)
        click.echo(f"\nguessed mapping:\n{to_yaml(plan)}", err=True)
        for line in doubts(plan, seen):
            click.echo(line, err=True)
    if write_mapping:
        write(write_mapping, plan)
        click.echo(f"written to {write_mapping}; nothing was imported")
        return
    check(plan, source.columns, kind)
    report = _run(installation, settings, source, plan, seen, kind, replace)
    _tell(report, as_json)


def _run(
    installation: Installation,
    settings: Any,
    source: Source,
    plan: Plan,
    seen: Profile,
    kind: Kind,
    replace: bool,
) -> Report:
    from core.clock import SystemClock
    from core.connections import connect_record
    from core.locks import held
    from events.imports.compose import Terms
    from events.imports.take import Taking
    from serving.running.upkeep import bring_into_force

    installation.create()
    terms = Terms(
        secret=installation.secret(),
        now=SystemClock().now(),
        label_days=settings.models.label_days,
        replace=replace,
        new_leads=plan.new_leads,
    )
    taking = Taking(source, plan, seen, kind, terms)
    with held(installation.run / "import.lock", "an import"), _stage(installation) as folder:
        engine = connect_record(installation, settings)
        try:
            with _log(installation) as log:
                report = taking.run(folder, engine, log)
            if report.offset:
                bring_into_force(installation, settings, engine, report.offset, _say)
        finally:
            engine.dispose()
    return report


def _say(line: str) -> None:
    click.echo(line, err=True)


@contextmanager
def _log(installation: Installation) -> Iterator[Any]:
    from events.intake.log import EventLog

    log = EventLog(installation.log_db)
    try:
        yield log
    finally:
        log.close()


@contextmanager
def _stage(installation: Installation) -> Iterator[Path]:
    """A folder for the rows on their way; what a killed import left behind goes first."""
    for left in installation.run.glob(".import-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=installation.run) as folder:
        yield Path(folder)


def _tell(report: Report, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    counts = report.counts
    click.echo(f"{report.file}: {report.rows:,} rows, {report.taken:,} taken, {report.bad:,} bad")
    for name, words in WORDS.items():
        if counts.get(name):
            click.echo(f"  {counts[name]:>8,}  {words}")
    for note in report.notes:
        click.echo(f"note: the file {note}")
    for column, cells in report.unfit.items():
        click.echo(f"note: {cells:,} cells of {column} are not of its kind and count as missing")
    lists: tuple[tuple[str, list[str]], ...] = (
        ("bad rows, left out", report.problems),
        ("deals of leads that are not known yet", report.unknown_leads),
        ("deals that closed before their lead was created", report.closed_early),
        ("rows that stand for earlier ones", report.replaced),
    )
    for title, named in lists:
        if named:
            click.echo(f"{title}, the first {len(named)}:", err=True)
        for line in named:
            click.echo(f"  {line}", err=True)


WORDS = {
    "new": "new leads",
    "changed": "leads changed",
    "won": "deals won",
    "lost": "deals lost",
    "open": "deals open: no label until they close",
    "corrected": "deals corrected",
    "reopened": "deals open again",
    "unchanged": "as known already",
    "passed_over": "of leads that are not known here, passed over",
    "unknown_lead": "deals of leads not known yet: kept, labels once the lead comes",
    "closed_early": "deals that closed before their lead was created: taken all the same, but the "
    "lead was never open here, so its end teaches no chance",
    "copies": "rows told twice",
    "replaced": "rows that a later row of the same lead or deal replaces",
}
"""Count → what it says, in the order in which it is told."""
