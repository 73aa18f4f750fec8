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


class Watcher:
    """One look costs two file stats while nothing changed, so that it can be taken often."""

    def __init__(
        self, installation: Installation, engine: sa.Engine, clock: Clock | None = None
    ) -> None:
        self._installation = installation
        self._engine = engine
        self._clock = clock or SystemClock()
        self._seen: tuple[Stamp, release.Release] | None = None

    def look(self) -> None:
        """Puts the champion in force, if it is not.

        WorkError when the registry cannot be read, ModelRefused when the champion must not serve;
        in both cases what serves now stays in force.
        """
        seen = (self._stamp(), release.current(self._engine))
        if seen[0] is None or (seen == self._seen and self._is_there(seen[1])):
            return
        self._follow(seen[1])
        self._seen = (seen[0], release.current(self._engine))

    def _is_there(self, in_force: release.Release) -> bool:
        """Whether somebody has removed the files of what serves: it serves on from memory until its
        process ends, so they are copied out anew.
        """
        if in_force.model_version is None:
            return True
        folder = self._installation.releases / f"{in_force.model_name}-{in_force.model_version}"
        return (folder / CARD_FILE).exists() and (folder / TREES_FILE).exists()

    def _stamp(self) -> Stamp:
        """Changes with every change of the registry; None while there is none."""
        try:
            told = registry.store(self._installation).stat()
        except FileNotFoundError:
            return None
        return told.st_mtime_ns, told.st_size

    def _follow(self, in_force: release.Release) -> None:
        client = registry.open_registry(self._installation)
        with registry.telling("read the model registry", self._installation):
            version = registry.champion(client)
            wanted = (registry.MODEL_NAME, version)
            serves = wanted == (in_force.model_name, in_force.model_version)
            if version is None or (serves and self._is_there(in_force)):
                return
            export(self._installation, client, version)
            if serves:
                return
        release.make(
            self._engine,
            self._clock.now(),
            f"champion of {registry.MODEL_NAME} is version {version}",
            model_name=registry.MODEL_NAME,
            model_version=version,
        )


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
