"""`leadline models list`, `leadline promote`, `leadline rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import to_iso
from core.errors import WorkError
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import Installed, open_installed

if TYPE_CHECKING:
    from mlflow import MlflowClient


@click.group()
def models() -> None:
    """The trained models and which one serves."""


@models.command("list")
@data_option()
@json_option
def list_models(installation: Installation, as_json: bool) -> None:
    """List the registered versions, newest first."""
    from scoring import registry

    open_installed(installation)
    rows = []
    if registry.store(installation).exists():
        client = registry.open_registry(installation)
        with registry.telling("read the model registry", installation):
            rows = registry.versions(client)
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        auc = row["metrics"].get("auc")
        figure = "AUC " + ("-" if auc is None else f"{auc:.3f}")
        aliases = " ".join(row["aliases"])
        click.echo(f"{row['version']:>4}  {to_iso(row['made_at'])}  {figure}  {aliases}".rstrip())


@click.command()
@click.argument("version")
@data_option()
def promote(version: str, installation: Installation) -> None:
    """Make VERSION the champion; a running system follows in seconds."""
    from scoring import registry

    installed = open_installed(installation)
    client = _client(installed)
    with registry.telling(f"promote version {version}", installed.installation):
        known = [row["version"] for row in registry.versions(client)]
        if version not in known:
            raise WorkError(
                f"there is no version {version} of {registry.MODEL_NAME}",
                do=f"there are {', '.join(known) or 'none'}: see `leadline models list`",
            )
        registry.promote(client, version)
    _follow(installed, version)


@click.command()
@data_option()
def rollback(installation: Installation) -> None:
    """Return to the champion before this one; a running system follows in seconds."""
    from scoring import registry

    installed = open_installed(installation)
    client = _client(installed)
    with registry.telling("read the model registry", installed.installation):
        before = registry.champion_before(client)
    if before is None:
        raise WorkError(
            "no champion came before this one",
            do="see `leadline models list`, then `leadline promote VERSION`",
        )
    with registry.telling(f"return to version {before}", installed.installation):
        registry.return_to(client, before)
    _follow(installed, before)


def _client(installed: Installed) -> MlflowClient:
    from scoring import registry

    if not registry.store(installed.installation).exists():
        raise WorkError("no model was ever trained here", do="run `leadline train` first")
    return registry.open_registry(installed.installation)


def _follow(installed: Installed, version: str) -> None:
    from scoring.watcher import Watcher

    Watcher(installed.installation, installed.engine).look()
    click.echo(f"version {version} is the champion and in force")
