"""The examples in deploy/ are settings that load, not prose."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from core.connections import redis_url
from core.installation import Installation
from core.settings import Postgres, load_settings
from features.feast_store import offline_store
from features.names import PROJECT

DEPLOY = Path(__file__).parents[2] / "deploy"
SETTINGS = ["postgres.yaml", "redis-tls.yaml", "redis-cluster.yaml"]


@pytest.mark.parametrize("name", SETTINGS)
def test_an_example_loads_and_says_something(name: str) -> None:
    """Whoever copies one gets what it promises, and no complaint about a key."""
    assert load_settings(DEPLOY / name) != load_settings(None)


def test_every_example_is_tried() -> None:
    """One that nobody loads rots."""
    offered = {path.name for path in DEPLOY.glob("*.yaml")}

    assert offered == {*SETTINGS, "feast-on-spark.yaml"}


def test_the_password_of_an_example_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A secret in a file ends up in a repository; Feast gets it, a log does not."""
    monkeypatch.setenv("LEADLINE__FEATURES__OFFLINE__PASSWORD", "hush")
    settings = load_settings(DEPLOY / "postgres.yaml")

    assert isinstance(settings.features.offline, Postgres)
    assert offline_store(settings.features.offline)["password"] == "hush"
    assert "hush" not in repr(settings)


def test_a_cluster_is_named_in_the_url(tmp_path: Path) -> None:
    """Whoever connects is handed the URL alone."""
    settings = load_settings(DEPLOY / "redis-cluster.yaml")

    assert redis_url(Installation(tmp_path), settings).startswith("redis+cluster://")


def test_the_spark_example_reads_our_project() -> None:
    """It is shown and not run: this much can be said of it."""
    told = yaml.safe_load((DEPLOY / "feast-on-spark.yaml").read_text())

    assert told["project"] == PROJECT
    assert told["entity_key_serialization_version"] == 3
