"""`--data DIR` → the installation, its settings and its record."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click
import sqlalchemy as sa

from core.database import open_record
from core.errors import StartError
from core.installation import Installation
from core.settings import Settings, load_settings

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".leadline/default"),
    show_default=True,
    help="The folder of the installation.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Installed(NamedTuple):
    installation: Installation
    settings: Settings
    engine: sa.Engine


def open_installed(data: Path) -> Installed:
    """StartError when nothing was ever installed there: training needs what others recorded."""
    installation = Installation(data)
    if not installation.root.is_dir():
        raise StartError(
            f"there is no installation in {installation.root}",
            do="name one with --data, or make one with `leadline up`",
        )
    installation.create()
    settings = load_settings(installation.settings_file)
    url = settings.record.url
    engine = open_record(url.get_secret_value() if url else installation.record_db)
    return Installed(installation, settings, engine)
