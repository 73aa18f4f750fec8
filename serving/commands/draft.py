"""The option that names a catalog of rules which is not in force."""

from __future__ import annotations

from pathlib import Path

import click

draft_option = click.option(
    "--draft",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the catalog; without it, the one that comes with the program.",
)
"""Passed to the command as `draft: Path | None`."""
