"""Feast: the definitions applied, and its store opened. The only door to the `feast` package."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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


def bound_memory(installation: Installation, limit: str = "800MB") -> None:
    """Joins that need more than `limit` spill into the installation, not into everybody's memory.

    Feast's DuckDB store uses ibis' default backend, which would take 80 % of the machine.
    """
    import ibis

    spill = str(installation.run / "spill")
    ibis.set_backend(
        ibis.duckdb.connect(
            memory_limit=limit, temp_directory=spill, preserve_insertion_order=False
        )
    )


def apply(installation: Installation) -> list[str]:
    """Brings the registry up to the definitions in `feature_repo`; the views it then holds."""
    from feast import Entity, FeatureService, FeatureView

    declared = _declared(installation.lake)
    wanted: list[Any] = [
        one for one in declared if isinstance(one, Entity | FeatureView | FeatureService)
    ]
    open_store(installation, None).apply(wanted)
    return sorted(one.name for one in wanted if isinstance(one, FeatureView))


def _declared(lake: Path) -> list[object]:
    """Runs the definitions anew, as `feast apply` would: they read the lake's place when run."""
    before = os.environ.get("LEADLINE_LAKE")
    os.environ["LEADLINE_LAKE"] = str(lake)
    try:
        return list(runpy.run_path(str(feature_repo_path() / "definitions.py")).values())
    finally:
        if before is None:
            del os.environ["LEADLINE_LAKE"]
        else:
            os.environ["LEADLINE_LAKE"] = before
