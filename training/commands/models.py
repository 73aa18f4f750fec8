"""`leadline models list`, `leadline promote`, `leadline rollback`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click
import msgspec

from core.clock import DAY, SystemClock, to_iso
from core.errors import WorkError
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.drift import drift
from training.commands.installed import Installed, open_installed

if TYPE_CHECKING:
    from mlflow import MlflowClient


@click.group()
def models() -> None:
    """The trained models and which one serves."""


models.add_command(drift)


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
    now = SystemClock().now()
    for row in rows:
        click.echo(_line(row, now))
        failed = (told for told in row["gates"].values() if not told.startswith("passed"))
        for told in failed:
            click.echo(f"      {told}")


def _line(row: dict[str, Any], now: int) -> str:
    auc = row["metrics"].get("auc")
    figure = "AUC " + ("-" if auc is None else f"{auc:.3f}")
    days = (now - row["made_at"]) / DAY
    decided = f"gates: {row['decision'] or 'none'}"
    # What was decided then and what it is now are the same words, and may well differ.
    now_is = f"now: {' '.join(row['aliases'])}" if row["aliases"] else ""
    told = f"{row['version']:>4}  {to_iso(row['made_at'])}  {days:5.1f} d  {figure}  {decided:<17}"
    return f"{told}  {now_is}".rstrip()


@models.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="By default a free one.")
@data_option()
def ui(port: int, installation: Installation) -> None:
    """Serve MLflow's pages of the models on this machine, for reading; Ctrl-C ends it."""
    from training.page import run

    open_installed(installation)
    run(installation, port, click.echo)


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
            raise _unknown(version, known)
        _check(installed, client, version)
        registry.promote(client, version)
    _follow(installed, version)


def _unknown(version: str, known: list[str]) -> WorkError:
    from scoring import registry

    bare = version.lower().removeprefix(registry.MODEL_NAME).strip(" -_v")
    near = [bare] if bare in known else difflib.get_close_matches(version, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return WorkError(
        f"there is no version {version} of {registry.MODEL_NAME}",
        do=f"{hint}there are {', '.join(known) or 'none'}: see `leadline models list`",
    )


def _check(installed: Installed, client: MlflowClient, version: str) -> None:
    """Before the alias moves: what cannot be loaded never becomes the champion. The arms of an
    experiment change, which its report tells: whoever promotes by hand may have to.
    """
    from core.release import current
    from scoring.watcher import export

    export(installed.installation, client, version)
    experiment = current(installed.engine).experiment
    if experiment is not None:
        click.echo(
            f"experiment {experiment} runs, and what it compares with changes under it: "
            "`leadline experiment stop` ends it",
            err=True,
        )


@click.command()
@data_option()
def rollback(installation: Installation) -> None:
    """Return to the champion before this one; a running system follows in seconds."""
    from scoring import registry

    installed = open_installed(installation)
    client = _client(installed)
    with registry.telling("return to the champion before", installed.installation):
        before = _before(installed, client)
        registry.return_to(client, before)
    _follow(installed, before)


def _before(installed: Installed, client: MlflowClient) -> str:
    """The last champion that can still be loaded; those that cannot are told of and passed over."""
    from scoring import ModelRefused, registry

    passed = [registry.champion(client)]
    while version := registry.champion_before(client, passed[-1]):
        if version in passed:
            break
        try:
            _check(installed, client, version)
        except ModelRefused as refused:
            click.echo(refused.detail, err=True)
            passed.append(version)
        else:
            return version
    raise WorkError(
        "no champion came before this one" + (" that could serve" if len(passed) > 1 else ""),
        do="see `leadline models list`, then `leadline promote VERSION`",
    )


def _client(installed: Installed) -> MlflowClient:
    from scoring import registry

    if not registry.store(installed.installation).exists():
        raise WorkError("no model was ever trained here", do="run `leadline train` first")
    return registry.open_registry(installed.installation)


def _follow(installed: Installed, version: str) -> None:
    from scoring.watcher import Watcher

    Watcher(installed.installation, installed.engine).look()
    click.echo(f"version {version} is the champion and in force")
