"""Feast: the definitions applied, and its store opened. The only door to the `feast` package."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.errors import WorkError
from core.installation import Installation
from features import feature_repo_path
from features.names import PROJECT

if TYPE_CHECKING:
    from feast import FeatureStore

os.environ.setdefault("FEAST_USAGE", "False")


def connection_string(url: str, timeout_s: float) -> str:
    """`redis://:secret@host:port/0` → Feast's form, bounded: a dead server answers in time."""
    parts = urlsplit(url)
    told = [f"{parts.hostname}:{parts.port or 6379}"]
    if parts.password:
        told.append(f"password={parts.password}")
    if parts.username:
        told.append(f"username={parts.username}")
    if parts.path.strip("/"):
        told.append(f"db={parts.path.strip('/')}")
    if parts.scheme == "rediss":
        told.append("ssl=true")
    told += [f"socket_timeout={timeout_s}", f"socket_connect_timeout={timeout_s}", "retry=null"]
    return ",".join(told)


def open_store(installation: Installation, url: str | None, timeout_s: float = 1.0) -> FeatureStore:
    """The installation's Feast store. Without a Redis URL it can only read history."""
    from feast import FeatureStore, RepoConfig

    online: dict[str, object] | None = None
    if url:
        online = {"type": "redis", "connection_string": connection_string(url, timeout_s)}
        online["skip_dedup"] = True  # else equal timestamps are dropped without a word
    config = RepoConfig(
        project=PROJECT,
        provider="local",
        registry=str(installation.feast / "registry.db"),
        offline_store={"type": "duckdb"},
        online_store=online,
        entity_key_serialization_version=3,
        repo_path=feature_repo_path(),
    )
    return FeatureStore(config=config)


def apply(installation: Installation) -> list[str]:
    """Brings the registry up to the definitions in `feature_repo`; the names it then holds."""
    from feast.repo_operations import parse_repo

    store = open_store(installation, None)
    with _lake_named(installation.lake), _flat_imports(feature_repo_path()):
        try:
            contents = parse_repo(feature_repo_path())
        except Exception as wrong:
            raise WorkError(f"the feature repository cannot be read: {wrong}") from wrong
    store.apply([*contents.entities, *contents.feature_views, *contents.feature_services])
    return sorted(view.name for view in contents.feature_views)


@contextlib.contextmanager
def _lake_named(lake: Path) -> Iterator[None]:
    before = os.environ.get("LEADLINE_LAKE")
    os.environ["LEADLINE_LAKE"] = str(lake)
    try:
        yield
    finally:
        if before is None:
            del os.environ["LEADLINE_LAKE"]
        else:
            os.environ["LEADLINE_LAKE"] = before


@contextlib.contextmanager
def _flat_imports(folder: Path) -> Iterator[None]:
    """Feast imports the repository's files by their bare names."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("definitions", None)
