"""Which definitions were applied last, known without starting Feast, which takes seconds."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from core.installation import Installation
from core.settings import load_settings
from features import feature_repo_path
from features.definitions import FEATURES, digest


def is_current(installation: Installation) -> bool:
    """Whether today's code applied its definitions here, for this place and these settings."""
    try:
        return _note(installation).read_text() == _fingerprint(installation)
    except OSError:
        return False


def remember(installation: Installation) -> None:
    """After they were applied."""
    _note(installation).write_text(_fingerprint(installation))


def _note(installation: Installation) -> Path:
    return installation.feast / "applied"


def _fingerprint(installation: Installation) -> str:
    offline = load_settings(installation.settings_file).features.offline
    told = (
        digest(tuple(one.name for one in FEATURES)),
        version("feast"),
        str(installation.lake),
        offline.type,
    )
    source = (feature_repo_path() / "definitions.py").read_bytes()
    return hashlib.sha256(source + "\n".join(told).encode()).hexdigest()
