"""publish: a model's files, parameters and metrics → an MLflow run and a version.

What can fail is done before the version is registered: it exists only once its run is complete. Its
feature service bears its number, so it comes after. No alias points to it yet.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.installation import Installation
from features.names import SERVICE
from features.services import Service, apply_services, version_service
from scoring import registry
from scoring.card import read_card

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_NAME_TAG = "mlflow.runName"
"""What MLflow's pages list a run under; else it makes names up."""
KIND_TAGS = {"mlflow.experimentKind": "custom_model_development"}
"""Without it MLflow's page of the experiment guesses, and opens on traces of language models."""


def publish(
    installation: Installation,
    files: Path,
    parameters: dict[str, str | int | float],
    metrics: dict[str, float],
    evidence: Path | None = None,
) -> str:
    """Registers the files as the next version of `lead_propensity` and returns its number. What
    lies in `evidence` (model card, plots) becomes artifacts of the run.

    WorkError when MLflow does not take them: then no version was registered, or one that has no
    feature service and that nothing points to.
    """
    client = registry.open_registry(installation)
    with registry.telling("publish the model", installation):
        run_id = _log(client, installation, files, parameters, metrics, evidence)
        version = _register(client, installation, run_id)
        client.set_tag(run_id, RUN_NAME_TAG, f"version {version}")
        _serve_features(client, installation, files, version)
    return version


def _log(
    client: MlflowClient,
    installation: Installation,
    files: Path,
    parameters: dict[str, str | int | float],
    metrics: dict[str, float],
    evidence: Path | None,
) -> str:
    """One run with everything in it; returns its id. A run that breaks off is marked as failed."""
    run_id = str(client.create_run(_experiment(client, installation)).info.run_id)
    try:
        for name, value in parameters.items():
            client.log_param(run_id, name, value)
        for name, metric in metrics.items():
            client.log_metric(run_id, name, metric)
        client.set_tag(run_id, registry.SERVICE_TAG, SERVICE)
        client.log_artifacts(run_id, str(files), registry.ARTIFACTS)
        if evidence is not None:
            client.log_artifacts(run_id, str(evidence), registry.EVIDENCE)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")
    return run_id


def _experiment(client: MlflowClient, installation: Installation) -> str:
    found = client.get_experiment_by_name(registry.EXPERIMENT)
    if found is None:
        place = (installation.mlflow / "artifacts").as_uri()
        name = registry.EXPERIMENT
        return str(client.create_experiment(name, artifact_location=place, tags=KIND_TAGS))
    for name, value in KIND_TAGS.items():  # of a store that was made without them
        if found.tags.get(name) != value:
            client.set_experiment_tag(found.experiment_id, name, value)
    return str(found.experiment_id)


def _register(client: MlflowClient, installation: Installation, run_id: str) -> str:
    """After a lost store MLflow counts from 1 again. A number whose release folder is there already
    would serve that other model: it is passed over.
    """
    if not client.search_registered_models(filter_string=f"name = '{registry.MODEL_NAME}'"):
        client.create_registered_model(registry.MODEL_NAME)
    source = f"{client.get_run(run_id).info.artifact_uri}/{registry.ARTIFACTS}"
    while True:
        version = str(client.create_model_version(registry.MODEL_NAME, source, run_id).version)
        if not (installation.releases / f"{registry.MODEL_NAME}-{version}").exists():
            return version
        client.delete_model_version(registry.MODEL_NAME, version)


def _serve_features(
    client: MlflowClient, installation: Installation, files: Path, version: str
) -> None:
    """The version's own feature service in Feast, named on the version."""
    card = read_card(files)
    name = version_service(registry.MODEL_NAME, version)
    apply_services(installation, [Service(name, card.features, card.features_digest)])
    client.set_model_version_tag(registry.MODEL_NAME, version, registry.SERVICE_TAG, name)
