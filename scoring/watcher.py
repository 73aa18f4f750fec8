"""Copies the registry's champion into the release in force: what the other processes poll."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from core import release
from core.clock import Clock, SystemClock
from core.installation import Installation
from scoring import registry
from scoring.card import CARD_FILE, TREES_FILE, ModelRefused, read_card, write_card
from scoring.released import load_released
from scoring.scorer import Scorer

if TYPE_CHECKING:
    from mlflow import MlflowClient

Stamp = tuple[int, int] | None
"""When a file was changed, and its size; None where there is none."""


class Watcher:
    """One look costs a few file stats while nothing changed, so that it can be taken often."""

    def __init__(
        self, installation: Installation, engine: sa.Engine, clock: Clock | None = None
    ) -> None:
        self._installation = installation
        self._engine = engine
        self._clock = clock or SystemClock()
        self._seen: tuple[release.Release, tuple[Stamp, ...]] | None = None

    def look(self) -> None:
        """Puts the champion in force, if it is not, and copies it out anew where the files of what
        serves are missing or damaged: a process that starts could not load them.

        WorkError when the registry cannot be read, ModelRefused when the champion must not serve;
        in both cases what serves now stays in force.
        """
        registered = _stamp(registry.store(self._installation))
        in_force = release.current(self._engine)
        if registered is None or self._seen == (in_force, (registered, *self._stamps(in_force))):
            return
        self._follow(in_force)
        in_force = release.current(self._engine)
        self._seen = (in_force, (registered, *self._stamps(in_force)))

    def _stamps(self, in_force: release.Release) -> tuple[Stamp, Stamp]:
        """Those of the files of what serves."""
        folder = self._installation.releases / f"{in_force.model_name}-{in_force.model_version}"
        return _stamp(folder / CARD_FILE), _stamp(folder / TREES_FILE)

    def _follow(self, in_force: release.Release) -> None:
        client = registry.open_registry(self._installation)
        with registry.telling("read the model registry", self._installation):
            version = registry.champion(client)
            wanted = (registry.MODEL_NAME, version)
            serves = wanted == (in_force.model_name, in_force.model_version)
            if version is None:
                return
            export(self._installation, client, version)  # nothing where its folder can be loaded
            if serves:
                return
        release.make(
            self._engine,
            self._clock.now(),
            f"champion of {registry.MODEL_NAME} is version {version}",
            model_name=registry.MODEL_NAME,
            model_version=version,
        )


def _stamp(file: Path) -> Stamp:
    try:
        told = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return told.st_mtime_ns, told.st_size


def export(installation: Installation, client: MlflowClient, version: str) -> None:
    """Copies a version into its release folder, where every process can load it.

    Files appear under their final name complete and checked, or not at all. ModelRefused when the
    version must not serve; what MLflow throws is left to the caller's `registry.telling`.
    """
    releases = installation.releases
    final = releases / f"{registry.MODEL_NAME}-{version}"
    if _loads(releases, version):
        return
    with tempfile.TemporaryDirectory(prefix=".export-", dir=releases) as temporary:
        folder = registry.download(client, version, Path(temporary))
        card = read_card(folder)
        write_card(folder, msgspec.structs.replace(card, version=version))
        Scorer.load(folder)
        _sync(folder)
        if final.exists():  # refused above: damaged on disk
            shutil.rmtree(final) if final.is_dir() else final.unlink()
        folder.rename(final)
    _sync(releases)


def _loads(releases: Path, version: str) -> bool:
    try:
        load_released(releases, registry.MODEL_NAME, version)
    except ModelRefused:
        return False
    return True


def _sync(folder: Path) -> None:
    """The folder's files and names survive a power cut."""
    for path in (*(path for path in folder.iterdir() if path.is_file()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
