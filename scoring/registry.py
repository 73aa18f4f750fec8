"""The MLflow registry of an installation: a SQLite file and a folder of artifacts beside it.

A registered version points to the two files of `scoring.card` among its run's artifacts; no model
is ever pickled. MLflow is imported when it is asked, and told to make no request outside.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import WorkError
from core.installation import Installation
from core.locks import held
from scoring.arms import CHALLENGER

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "lead_propensity"
CHAMPION = "champion"
EXPERIMENT = "lead_propensity"
ARTIFACTS = "model"
EVIDENCE = "evidence"
"""Beside them: the model card, its plots, and the ids of the leads that taught."""
BEFORE_TAG = "champion_before"
"""On a promoted version: the version that was champion before it."""
SERVICE_TAG = "feature_service"
"""On a version: the name of what it reads, in Feast's registry."""
DECISION_TAG = "decision"
"""On a version and its run: what the gates of a retraining made of it."""

_GATE = "gate."
"""Begins the name of a run's tag for each gate."""

OPENING_S = 120.0
"""How long one process waits while another makes the store."""

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # A connection that is kept would read on in a store that was deleted and made anew.
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def store(installation: Installation) -> Path:
    return installation.mlflow / "mlflow.db"


def open_registry(installation: Installation) -> MlflowClient:
    """A client of the installation's own store, made on first use (some seconds)."""
    os.environ.update(_QUIET)
    import logging

    # The store's migrations, and each engine, are told line by line otherwise.
    for talkative in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    from mlflow import MlflowClient

    _load_store()

    uri = f"sqlite:///{store(installation)}"
    # Whoever is first makes the tables. MLflow does so without a lock: training and the watcher at
    # the same moment broke each other's store.
    making = held(installation.mlflow / "opening.lock", "opening the registry", OPENING_S)
    with making, telling("open the model registry", installation):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)
        return client


def _load_store() -> None:
    """MLflow's tables, mapped once in a process, with words that SQLAlchemy will drop one day.
    Feast has every such warning shown, and no user can do anything about this one.
    """
    if "mlflow.store.tracking.sqlalchemy_store" in sys.modules:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        importlib.import_module("mlflow.store.tracking.sqlalchemy_store")


@contextmanager
def telling(task: str, installation: Installation) -> Iterator[None]:
    """Whatever MLflow, its database or its files throw becomes one line of ours."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as problem:
        line = str(problem).strip().splitlines()[0]
        raise WorkError(
            f"cannot {task}: {line}",
            do=f"look at {store(installation)}; what serves now stays in force",
        ) from problem


def champion(client: MlflowClient) -> str | None:
    """The version that carries the alias; None when none was ever promoted."""
    return _aliases(client).get(CHAMPION)


def _aliases(client: MlflowClient) -> dict[str, str]:
    models = client.search_registered_models(filter_string=f"name = '{MODEL_NAME}'")
    return {alias: str(version) for model in models for alias, version in model.aliases.items()}


def aliased(client: MlflowClient) -> frozenset[str]:
    """The versions that carry an alias: what serves, and what is tried."""
    return frozenset(_aliases(client).values())


def versions(client: MlflowClient) -> list[dict[str, Any]]:
    """Newest first: version, aliases, made_at (microseconds), run id, its metrics, what the gates
    decided (None without gates), and their figures in words.
    """
    by_version: dict[str, list[str]] = {}
    for alias, version in _aliases(client).items():
        by_version.setdefault(version, []).append(alias)
    found = client.search_model_versions(f"name = '{MODEL_NAME}'")
    return [
        _version(client, one, by_version.get(str(one.version), []))
        for one in sorted(found, key=lambda one: -int(one.version))
    ]


def _version(client: MlflowClient, one: Any, aliases: list[str]) -> dict[str, Any]:
    told = client.get_run(str(one.run_id)).data
    return {
        "version": str(one.version),
        "aliases": sorted(aliases),
        "made_at": one.creation_timestamp * 1000,
        "run_id": one.run_id,
        "metrics": dict(told.metrics),
        "decision": one.tags.get(DECISION_TAG),
        "gates": {
            name.removeprefix(_GATE): value
            for name, value in sorted(told.tags.items())
            if name.startswith(_GATE)
        },
    }


def challenge(client: MlflowClient, version: str) -> None:
    """Makes it the one that an experiment would try."""
    client.set_registered_model_alias(MODEL_NAME, CHALLENGER, version)


def tell_gates(
    client: MlflowClient, version: str, gates: dict[str, str], others: dict[str, str]
) -> None:
    """Writes them on the version's run: each gate's figures by its name, and other tags."""
    run_id = str(client.get_model_version(MODEL_NAME, version).run_id)
    for name, value in ({_GATE + name: told for name, told in gates.items()} | others).items():
        client.set_tag(run_id, name, value)


def tell_decision(client: MlflowClient, version: str, decision: str) -> None:
    """After the alias has moved, if one does: what is told has happened."""
    run_id = str(client.get_model_version(MODEL_NAME, version).run_id)
    client.set_tag(run_id, DECISION_TAG, decision)
    client.set_model_version_tag(MODEL_NAME, version, DECISION_TAG, decision)


def promote(client: MlflowClient, version: str) -> None:
    """Moves the alias. The champion before is noted first, so that a rollback finds it."""
    before = champion(client)
    if before is not None and before != version:
        client.set_model_version_tag(MODEL_NAME, version, BEFORE_TAG, before)
    return_to(client, version)


def return_to(client: MlflowClient, version: str) -> None:
    """Moves the alias and notes nothing: a second rollback goes one champion further back."""
    client.set_registered_model_alias(MODEL_NAME, CHAMPION, version)


def champion_before(client: MlflowClient, version: str | None) -> str | None:
    """Which one was champion before `version`; None when it is the first one."""
    if version is None:
        return None
    before = client.get_model_version(MODEL_NAME, version).tags.get(BEFORE_TAG)
    return str(before) if before else None


def download(client: MlflowClient, version: str, folder: Path) -> Path:
    """Copies a version's files below `folder`; returns the folder that holds them."""
    run_id = client.get_model_version(MODEL_NAME, version).run_id
    return Path(client.download_artifacts(str(run_id), ARTIFACTS, str(folder)))


def evidence(client: MlflowClient, version: str, name: str, folder: Path) -> Path | None:
    """Copies one file of a version's evidence below `folder`; None if it has no such file."""
    run_id = str(client.get_model_version(MODEL_NAME, version).run_id)
    kept = {one.path for one in client.list_artifacts(run_id, EVIDENCE)}
    path = f"{EVIDENCE}/{name}"
    return Path(client.download_artifacts(run_id, path, str(folder))) if path in kept else None
