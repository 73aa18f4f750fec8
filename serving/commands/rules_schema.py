"""`leadline rules schema`: what an editor needs to complete and check a catalog as it is typed."""

from __future__ import annotations

from pathlib import Path

import click

from core.errors import WorkError


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write one file for each YAML file of a catalog into this folder.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    expose_value=False,
    help="Taken for the sake of the other commands: schemas are the same everywhere.",
)
def schema(out: Path | None) -> None:
    """Print the JSON Schemas of a catalog's files, or write them where an editor finds them.

    The first line of each shipped file names its schema as `../schema/…`: write them into `schema`
    beside the folder of your draft.
    """
    from rules.schema import schema_files, schemas

    if out is None:
        import msgspec

        click.echo(msgspec.json.encode(schemas()).decode())
        return
    files = schema_files()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text)
    except OSError as problem:
        raise WorkError(
            f"cannot write the schemas: {problem}", do="name a folder that can be written to"
        ) from problem
    click.echo(f"{len(files)} schemas in {out}")
