"""An existing installation, with its settings and its record, for the commands of the workshop."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from core.connections import existing_record
from core.installation import Installation
from core.settings import Settings, load_settings


class Installed(NamedTuple):
    installation: Installation
    settings: Settings
    engine: sa.Engine


def open_installed(installation: Installation) -> Installed:
    """StartError when nothing was ever recorded there: training makes no installation."""
    settings = load_settings(installation.settings_file)
    engine = existing_record(installation, settings)
    return Installed(installation.create(), settings, engine)
