"""The record of the installation that `--data` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.installation import Installation

if TYPE_CHECKING:
    import sqlalchemy as sa


def record_of(installation: Installation) -> sa.Engine:
    """StartError where no installation was ever started, or its settings are wrong."""
    from core.connections import existing_record
    from core.settings import load_settings

    return existing_record(installation, load_settings(installation.settings_file))
