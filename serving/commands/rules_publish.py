"""`leadline rules publish` and `rollback`: what is in force from now on, in every process."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from core.clock import SystemClock
from core.errors import DefinitionError, LeadlineError, Problem, WorkError
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.author import author_option
from serving.commands.begun import note_version, noted_version
from serving.commands.draft import draft_option
from serving.commands.record import record_of

if TYPE_CHECKING:
    from rules.life import Diff, Published

_note = click.option(
    "--note", envvar="LEADLINE_NOTE", default="", metavar="TEXT", help="Why; else what changed."
)


@click.command("publish")
@draft_option
@_note
@author_option
@click.option(
    "--expected",
    type=click.IntRange(0),
    metavar="N",
    help="The version that you began from: refused if another is in force by now. A draft made by"
    " `rules show` knows its own; else it is the one that the shown difference is from.",
)
@click.option("--yes", is_flag=True, help="Do not ask. Scripts are never asked.")
@data_option()
@json_option
def publish_rules(
    draft: Path | None,
    note: str,
    author: str,
    expected: int | None,
    yes: bool,
    installation: Installation,
    as_json: bool,
) -> None:
    """Put a catalog in force: checked and tested, then in all processes within two seconds.

    A draft with anything wrong in it is refused, and the rules in force stay. Exit code 2 for a
    wrong catalog, 1 for an example that comes out wrong or for somebody who was faster.
    """
    from rules import read_catalog
    from rules.life import diff, live_version, prove, publish, version_files

    engine = record_of(installation)
    try:
        files = read_catalog(draft)
        prove(files)
        before = live_version(engine)
        changed = diff(version_files(engine, before), files)
        if not as_json:
            _confirm(changed, before, yes)
        noted = noted_version(draft)
        # Nothing is replaced but what was shown: somebody may publish while the question stands.
        begun = next(one for one in (expected, noted, before) if one is not None)
        made = publish(engine, files, author, note, begun, SystemClock().now(), "cli")
        if draft is not None and noted is not None:
            note_version(draft, made.version)
    except (DefinitionError, WorkError) as wrong:
        _refuse(wrong, as_json)
    _tell(made, as_json, summary=changed.summary())


@click.command()
@click.option("--to", type=click.IntRange(1), metavar="N", help="Else the one before.")
@_note
@author_option
@click.option(
    "--expected", type=click.IntRange(0), metavar="N", help="Only if this version is in force."
)
@data_option()
@json_option
def rollback(
    to: int | None,
    note: str,
    author: str,
    expected: int | None,
    installation: Installation,
    as_json: bool,
) -> None:
    """Put an earlier version in force again. It keeps its number; nothing is lost."""
    from rules.life import live_version
    from rules.life import rollback as roll_back

    engine = record_of(installation)
    try:
        begun = live_version(engine) if expected is None else expected
        made = roll_back(engine, to, author, SystemClock().now(), note, begun)
    except (DefinitionError, WorkError) as wrong:
        _refuse(wrong, as_json)
    _tell(made, as_json)


def _confirm(changed: Diff, before: int, yes: bool) -> None:
    """Shows what would change. Only a person at a terminal is asked."""
    from rules.life.telling import lines

    for line in lines(changed):
        click.echo(line)
    if not changed.same and not yes and sys.stdin.isatty():
        click.confirm(f"publish this over version {before}?", abort=True)


def _refuse(wrong: LeadlineError, as_json: bool) -> Any:
    """For people the error with all problems, for scripts the same as JSON."""
    if not as_json:
        raise wrong
    problems = wrong.problems or (Problem("", wrong.detail),)
    click.echo(msgspec.json.encode({"ok": False, "problems": problems}).decode())
    raise click.exceptions.Exit(wrong.exit_code) from wrong


def _tell(made: Published, as_json: bool, **more: str) -> None:
    if as_json:
        before = made.replaced
        told = {"ok": True, "version": made.version, "new": made.new, "before": before, **more}
        click.echo(msgspec.json.encode(told).decode())
    elif made.new:
        click.echo(f"version {made.version} is in force (it was {made.replaced})")
    else:
        click.echo(f"version {made.version} is in force already: nothing was published")
