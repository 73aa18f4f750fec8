"""Feast: the definitions applied, and its store opened. The only door to the `feast` package."""

from __future__ import annotations

import json
import os
import runpy
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from core.connections import is_cluster
from core.installation import Installation
from core.locks import held
from core.settings import DuckDb, Postgres, load_settings
from features import feature_repo_path
from features.applied import remember
from features.names import PROJECT

if TYPE_CHECKING:
    from feast import FeatureStore

os.environ.setdefault("FEAST_USAGE", "False")

LOCK_S = 60.0
"""So long one process waits for another that applies."""


def connection_string(url: str, timeout_s: float) -> str:
    """`redis://:secret@host:port/0` → Feast's form, bounded: a dead server answers in time.

    Feast parts it at commas and reads values as JSON: that is how secrets are written here. What
    stands behind `?` (as `ssl_ca_certs=FILE`) is passed on.
    """
    parts = urlsplit(url)
    told = [f"{parts.hostname}:{parts.port or 6379}"]
    for name, secret in (("password", parts.password), ("username", parts.username)):
        if secret:
            told.append(f"{name}={_json(unquote(secret))}")
    if parts.path.strip("/") and not is_cluster(url):
        told.append(f"db={parts.path.strip('/')}")
    if parts.scheme.startswith("rediss"):
        told.append("ssl=true")
    told += [f"{name}={_json(value)}" for name, value in parse_qsl(parts.query)]
    told += [f"socket_timeout={timeout_s}", f"socket_connect_timeout={timeout_s}"]
    if not is_cluster(url):  # a cluster's client has to ask again when slots move
        told.append("retry=null")
    return ",".join(told)


def _json(text: str) -> str:
    return json.dumps(text).replace(",", "\\u002c")


def registry_file(installation: Installation) -> Path:
    return installation.feast / "registry.db"


def open_store(installation: Installation, url: str | None, timeout_s: float = 1.0) -> FeatureStore:
    """The installation's Feast store. Without a Redis URL it can only read history."""
    from feast import FeatureStore, RepoConfig

    online: dict[str, object] | None = None
    if url:
        online = {
            "type": "redis",
            "redis_type": "redis_cluster" if is_cluster(url) else "redis",
            "connection_string": connection_string(url, timeout_s),
            "skip_dedup": True,  # else equal timestamps are dropped without a word
        }
    settings = load_settings(installation.settings_file)
    config = RepoConfig(
        project=PROJECT,
        provider="local",
        registry=str(registry_file(installation)),
        offline_store=offline_store(settings.features.offline),
        online_store=online,
        entity_key_serialization_version=3,
        repo_path=feature_repo_path(),
    )
    return FeatureStore(config=config)


def offline_store(settings: DuckDb | Postgres) -> dict[str, object]:
    """Feast's own words for where it reads history."""
    told = settings.model_dump(exclude_none=True)
    if isinstance(settings, Postgres):
        told["password"] = settings.password.get_secret_value()
    return told


def bound_memory(installation: Installation) -> None:
    """Joins that need more than `lake.memory_mb` spill into the installation.

    Feast's DuckDB store uses ibis' default backend, which would take 80 % of the machine.
    """
    import ibis

    limit = load_settings(installation.settings_file).lake.memory_mb
    spill = str(installation.run / "spill")
    ibis.set_backend(
        ibis.duckdb.connect(
            memory_limit=f"{limit}MB", temp_directory=spill, preserve_insertion_order=False
        )
    )


def apply(installation: Installation) -> list[str]:
    """Brings the registry up to the definitions in `feature_repo`; the views it then holds."""
    from feast import FeatureView

    wanted = declared(installation)
    with applying(installation):
        open_store(installation, None).apply([one for _, one in wanted])
    remember(installation)
    return sorted(one.name for kind, one in wanted if kind is FeatureView)


def applying(installation: Installation) -> AbstractContextManager[None]:
    """Feast writes the whole registry, in place: two writers at once would lose what one of them
    applied, and a reader might find half of it. StartError when others take too long.
    """
    return held(installation.feast / "apply.lock", "applying features", LOCK_S)


def declared(installation: Installation) -> list[tuple[type, Any]]:
    """(kind, object) of every entity, view and service in `feature_repo`, for this installation."""
    from feast import Entity, FeatureService, FeatureView

    found = _run_definitions(installation)
    kinds = (Entity, FeatureView, FeatureService)
    return [(kind, one) for kind in kinds for one in found if isinstance(one, kind)]


def _run_definitions(installation: Installation) -> list[object]:
    """Runs the definitions anew, as `feast apply` would: they read the source's place when run."""
    offline = load_settings(installation.settings_file).features.offline
    told = {"LEADLINE_LAKE": str(installation.lake), "LEADLINE_OFFLINE": offline.type}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        return list(runpy.run_path(str(feature_repo_path() / "definitions.py")).values())
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
