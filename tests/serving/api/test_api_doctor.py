"""`leadline doctor` on an installation whose api runs on a port that its settings do not name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import run
from core.database import writing
from core.installation import Installation
from core.release import Release
from core.settings import Api
from scoring import unfollowed
from serving.running import model_findings
from serving.running.listening import last_heard, listening


def api_told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, str]:
    run(["doctor", "--json", *words])
    findings = json.loads(capsys.readouterr().out)
    found: dict[str, str] = next(one for one in findings if one["subject"] == "api")
    return found


def test_the_api_is_found_where_it_runs(rig: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The rig's port stands in no settings file, as with `leadline up --port`."""
    found = api_told(capsys, "--data", str(rig.installation.root))
    assert (found["state"], found["told"]) == ("ok", f"ready at {rig.url}")


def test_health_says_why_no_new_champion_comes(rig: Any) -> None:
    """Answers lack nothing meanwhile, so that nobody else would tell."""
    assert rig.client.get("/healthz").json()["registry"] == "ok"
    try:
        _tell(rig, "file is not a database")
        found = rig.client.get("/healthz").json()
        assert (found["status"], found["registry"]) == ("degraded", "file is not a database")
        assert "registry" in found["degraded"]
    finally:
        _tell(rig, "")
    assert "registry" not in rig.client.get("/healthz").json()["degraded"]


def _tell(rig: Any, trouble: str) -> None:
    with writing(rig.engine) as record:
        unfollowed.tell(record, trouble, 1)


def test_the_doctor_looks_at_the_model_registry(
    rig: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks what is wrong reads no logs. Other tests may have made the rig's registry."""
    run(["doctor", "--json", "--data", str(rig.installation.root)])
    findings = json.loads(capsys.readouterr().out)
    (told,) = [one["told"] for one in findings if one["subject"] == "model registry"]
    assert told in {"there is none yet", "no champion yet"}


def test_an_installation_that_never_trained_has_no_registry(installation: Installation) -> None:
    """Nothing is wrong then, but whoever looks is told what makes one."""
    found = model_findings.registry(installation, Release())
    assert (found.state, found.told) == ("note", "there is none yet")


def test_the_port_may_be_named(rig: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind a proxy, say; nothing listens on port 1."""
    found = api_told(capsys, "--data", str(rig.installation.root), "--port", "1")
    assert found["state"] == "note"
    assert found["told"].endswith(":1")


def test_where_it_listens_is_known_while_it_runs(installation: Installation) -> None:
    """After a stop the settings are the better guess."""
    assert last_heard(installation) is None
    with listening(installation, Api(port=3155)):
        heard = last_heard(installation)
        assert heard is not None
        assert heard.port == 3155
    assert last_heard(installation) is None


def test_half_a_file_is_no_place(installation: Installation) -> None:
    """A disk that was full, or a hand that slipped: the settings stand in."""
    Path(installation.run / "api.json").write_text('{"host": "127')
    assert last_heard(installation) is None
