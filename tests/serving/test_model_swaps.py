"""Promotions and rollbacks while `leadline up` answers: no request fails, no answer mixes two."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core import release
from core.database import open_record
from core.installation import Installation
from scoring.card import Calibration, read_card, seal, write_card
from tests.house.running import Running

pytestmark = pytest.mark.e2e

ASKING = 2
IN_FORCE_S = 5.0
"""What is promised between a promotion and the first answer by it."""


class Load:
    """Asks for the score of one lead, without a pause, until told to stop."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._stop = threading.Event()
        self.seen: Counter[tuple[str, float]] = Counter()
        """(model version, propensity) → how many answers said so."""
        self.now: dict[int, str] = {}
        """Asker → the version that answered last."""
        self.failed: list[str] = []
        self.threads = [threading.Thread(target=self._ask, args=(at,)) for at in range(ASKING)]
        for thread in self.threads:
            thread.start()

    def _ask(self, at: int) -> None:
        with httpx.Client(base_url=self._url, auth=(self._key, ""), timeout=60) as client:
            while not self._stop.is_set():
                try:
                    told = client.post("/v1/score", json={"lead": {"user_id": "asked"}}).json()
                    version = told["model"]["version"]
                    self.seen[version, told["propensity"]] += 1
                    self.now[at] = version
                except (httpx.HTTPError, KeyError, ValueError, TypeError) as problem:
                    self.failed.append(repr(problem))

    def wait_for(self, version: str) -> float:
        """Seconds until every asker is answered by this version."""
        began = time.monotonic()
        while set(self.now.values()) != {version}:
            assert time.monotonic() < began + 60
            time.sleep(0.005)
        return time.monotonic() - began

    def end(self) -> None:
        self._stop.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.parametrize(
    ("swaps", "poll_s"), [(20, 0.2), pytest.param(200, None, marks=pytest.mark.proof)]
)
def test_no_request_fails_while_models_are_swapped(
    swaps: int,
    poll_s: float | None,
    tmp_path: Path,
    write_model: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two models that answer otherwise, in turns. The proof waits as long as an installation does
    by default, and shows the figures.
    """
    if poll_s is not None:
        monkeypatch.setenv("LEADLINE__MODELS__POLL_S", str(poll_s))
    installation = Installation(tmp_path / "data").create()
    for version in ("1", "2"):
        folder = write_model(installation, version)
        card = msgspec.structs.replace(read_card(folder), calibration=_calibration(version))
        write_card(folder, seal(card))
    running = Running(installation.root)
    try:
        running.until_told("ready at")
        waits, load = _swap(running, installation, swaps)
    finally:
        running.end()

    assert load.failed == []
    assert {version for version, _ in load.seen} == {"1", "2"}
    assert len({chance for _, chance in load.seen}) == len(load.seen) == 2
    if poll_s is None:
        assert max(waits) <= IN_FORCE_S
        with capsys.disabled():
            print(  # noqa: T201
                f"\n{swaps} swaps, {sum(load.seen.values()):,} answers, 0 failed; in force after "
                f"{sum(waits) / swaps:.2f} s on average, {max(waits):.2f} s at most"
            )


def _calibration(version: str) -> Calibration:
    return Calibration(1.0, float(version))


def _swap(running: Running, installation: Installation, swaps: int) -> tuple[list[float], Load]:
    key = json.loads(running.leadline("keys", "create", "--kind", "secret", "--json").stdout)["key"]
    person = {"userId": "asked", "traits": {"title": "CTO"}}
    assert running.post("/v1/identify", key, person).status_code == 200
    engine = open_record(installation.record_db)
    _put_in_force(engine, "1")
    asked = {"lead": {"user_id": "asked"}}
    while "version" not in (running.post("/v1/score", key, asked).json().get("model") or {}):
        time.sleep(0.05)
    load = Load(f"http://127.0.0.1:{running.port}", key)
    waits = []
    try:
        load.wait_for("1")
        for swap in range(swaps):
            version = "12"[(swap + 1) % 2]
            _put_in_force(engine, version)
            waits.append(load.wait_for(version))
    finally:
        load.end()
        engine.dispose()
    return waits, load


def _put_in_force(engine: Any, version: str) -> None:
    """What `leadline promote` and the watcher end with."""
    release.make(engine, 1, "swap", model_name="lead_propensity", model_version=version)
