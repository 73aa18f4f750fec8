"""A retraining that is killed at one of its steps, as a process of its own: `FOLDER STEP`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import features.offline
from core.clock import FixedClock
from core.database import open_record
from core.installation import Installation
from core.settings import Settings
from tests.training.small_history import NOW, vectors
from training.commands.installed import Installed
from training.retrain import retrain

STEPS = {
    "label": "training.train.read_columns",
    "read": "training.train.definition",
    "fit": "training.build.fit",
    "compare": "training.train.report",
    "log": "mlflow.MlflowClient.log_artifacts",
    "register": "mlflow.MlflowClient.create_model_version",
    "serve features": "training.publish.apply_services",
    "keep": "os.fsync",
    "export": "training.retrain.export",
    "promote": "scoring.registry.promote",
}
"""Step → what it is about to call when it dies."""


def main() -> None:
    installation, step = Installation(Path(sys.argv[1])), sys.argv[2]
    features.offline.vectors = vectors

    def die(*_args: Any, **_named: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    _put(STEPS[step], die)
    installed = Installed(installation, Settings(), open_record(installation.record_db))
    retrain(installed, FixedClock(NOW), force=True, tell=lambda _: None)


def _put(name: str, die: Any) -> None:
    """Into the module, or into the class in a module."""
    import importlib

    owner, attribute = name.rsplit(".", 1)
    try:
        holder = importlib.import_module(owner)
    except ModuleNotFoundError:
        module, kind = owner.rsplit(".", 1)
        holder = getattr(importlib.import_module(module), kind)
    setattr(holder, attribute, die)


if __name__ == "__main__":
    main()
