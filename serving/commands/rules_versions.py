"""`leadline rules history`, `show` and `diff`: what was published, and what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import to_iso
from core.errors import WorkError
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.begun import note_version
from serving.commands.record import record_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from rules.life import Version

LIVE = "live"


def _read_number(
    context: click.Context, option: click.Parameter, value: str | None
) -> int | str | None:
    """A version's number, or `live` as it is."""
    if value is None or value == LIVE:
        return value
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        told = f"{value!r} is neither a version's number nor `{LIVE}`"
        raise click.BadParameter(told, context, option)
    return int(value)


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@data_option()
@json_option
def history(limit: int, installation: Installation, as_json: bool) -> None:
    """Who published what, when and why; the newest first."""
    from rules.life import history as versions
    from rules.life.versions import told

    found = versions(record_of(installation), limit)
    if as_json:
        click.echo(msgspec.json.encode([told(version) for version in found]).decode())
        return
    for version in found:
        mark = "in force" if version.in_force else ""
        click.echo(
            f"{version.number:>5}  {to_iso(version.published_at)[:16]}  {version.author:16}"
            f"  {mark:8}  {version.note}"
        )
    click.echo(_standing(found) if found else "nothing was published yet")


@click.command()
@click.argument("version", callback=_read_number)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write its files there: a draft to begin from.",
)
@data_option()
@json_option
def show(version: int | str, out: Path | None, installation: Installation, as_json: bool) -> None:
    """The files of VERSION, a number or `live`."""
    from rules.life import read_version, version_files
    from rules.life.versions import told

    engine = record_of(installation)
    number = _number(engine, version)
    files = version_files(engine, number)
    if out is not None:
        _write(out, files, number)
    if as_json:
        about = told(read_version(engine, number)) if number else {"number": 0}
        click.echo(msgspec.json.encode({**about, "files": files}).decode())
    elif out is not None:
        click.echo(f"version {number} in {out}: {', '.join(files)}")
    else:
        for name, text in files.items():
            click.echo(f"# ── {name} of version {number}\n{text}")


@click.command("diff")
@click.option(
    "--draft",
    type=click.Path(file_okay=False, path_type=Path),
    help="A catalog, compared with the version in force; without it, the one that is shipped.",
)
@click.option("--from", "before", callback=_read_number, metavar="N", help="A version, or `live`.")
@click.option("--to", "after", callback=_read_number, metavar="N", help="A version, or `live`.")
@click.option("--text", is_flag=True, help="Line by line, as `diff -u`.")
@data_option()
@json_option
def show_diff(
    draft: Path | None,
    before: int | str | None,
    after: int | str | None,
    text: bool,
    installation: Installation,
    as_json: bool,
) -> None:
    """What differs between two versions, or between one and a draft: rule by rule."""
    from rules import read_catalog
    from rules.life import diff, version_files
    from rules.life.difference import unified
    from rules.life.telling import lines

    if draft is not None and after is not None:
        raise click.UsageError("--draft and --to both say what to compare with; give one of them")
    engine = record_of(installation)
    old = version_files(engine, _number(engine, before or LIVE))
    if after is None and (draft is not None or before is None):
        new = read_catalog(draft)
    else:
        new = version_files(engine, _number(engine, after or LIVE))
    found = diff(old, new)
    if as_json:
        click.echo(msgspec.json.encode({"summary": found.summary(), **msgspec.to_builtins(found)}))
    else:
        click.echo(unified(old, new) if text else "\n".join(lines(found)))


def _standing(versions: list[Version]) -> str:
    """Since when the live one is in force: not always since it was published."""
    since = next((one.since for one in versions if one.since is not None), None)
    if since is None:
        return "the version in force is older: ask for more with --limit"
    verb = "brought back" if since.again else "published"
    return f"in force since {to_iso(since.at)}, {verb} by {since.author}: {since.reason}"


def _number(engine: sa.Engine, version: int | str) -> int:
    from rules.life import live_version

    return live_version(engine) if isinstance(version, str) else version


def _write(folder: Path, files: dict[str, str], number: int) -> None:
    """Into a new or empty folder: a draft that somebody is writing is never lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise WorkError(f"{folder} is not empty", do="name a new folder with --out")
        for name, text in files.items():
            (folder / Path(name).name).write_text(text)
        note_version(folder, number)
    except OSError as problem:
        raise WorkError(f"cannot write to {folder}: {problem.strerror or problem}") from problem
