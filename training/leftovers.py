"""What a training that was killed has left behind: folders that nobody reads, runs that never end.

None of it can serve: a model serves by an alias, which moves last of all. But it would grow.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.installation import Installation
from scoring import registry

if TYPE_CHECKING:
    from mlflow import MlflowClient

WORKING = ".train-"
"""Begins the name of the folder that a training works in."""
OLD_S = 3_600.0
"""Copying a model out, or writing cases, takes seconds: what is older belongs to nobody."""


def remove_folders(installation: Installation) -> None:
    """For whoever holds the lock of trainings: no other one works in any of them."""
    for folder in installation.releases.glob(f"{WORKING}*"):
        shutil.rmtree(folder, ignore_errors=True)
    for path in (*installation.releases.glob(".export-*"), *installation.cases.glob(".new-*")):
        if _age_s(path) > OLD_S:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(True)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def end_runs(client: MlflowClient) -> None:
    """Marks the runs of trainings that died as killed: MLflow's pages would show them at work."""
    found = client.get_experiment_by_name(registry.EXPERIMENT)
    if found is None:
        return
    for run in client.search_runs([found.experiment_id], "attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")
