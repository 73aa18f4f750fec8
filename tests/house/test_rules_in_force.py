"""Rules that are published while `leadline up` answers and works: all of it, under load."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.house.running import Running
from tests.rules_life.small import edited

pytestmark = pytest.mark.e2e

FIRST, STEPS = 19, (18, 17)
ASKING = 2


class Load:
    """Asks for the score of one lead, without a pause, until told to stop."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key
        self._stop = threading.Event()
        self.seen: Counter[tuple[str, int]] = Counter()
        """(rules version, fit points) → how many answers said so."""
        self.failed: list[str] = []
        self.threads = [threading.Thread(target=self._ask) for _ in range(ASKING)]
        for thread in self.threads:
            thread.start()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, auth=(self._key, ""), timeout=60) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post("/v1/score", json={"lead": {"user_id": "asked"}})
                    told = answer.json()
                    self.seen[told["rules"]["version"], told["fit"]["points"]] += 1
                except (httpx.HTTPError, KeyError, ValueError) as problem:
                    self.failed.append(repr(problem))

    def end(self) -> None:
        self._stop.set()
        for thread in self.threads:
            thread.join()


def until(true: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 120
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("rules"))
    running.until_told("ready at")
    yield running
    running.end()


def publish_folder(running: Running, folder: Path, points: int) -> str:
    """As CI does it; gives the version's number."""
    for name, text in edited(points).items():
        (folder / name).write_text(text)
    told = running.leadline("rules", "publish", "--draft", str(folder), "--author", "ci", "--json")
    assert told.returncode == 0, told.stdout + told.stderr
    return str(json.loads(told.stdout)["version"])


def publish_draft(client: httpx.Client, points: int) -> str:
    """As a console does it."""
    way = f"/v1/rules/drafts/with-{points}"
    assert client.put(way, json={"files": edited(points)}).status_code == 200
    return str(client.post(f"{way}/publish", json={}).json()["version"])


def group(who: str) -> dict[str, Any]:
    traits = {"industry": "logistics", "domain": f"{who}.example"}
    return {"userId": who, "groupId": who, "traits": traits}


class Visitors:
    """People who look at prices one after the other: the worker tells of each."""

    def __init__(self, running: Running, key: str) -> None:
        self._running = running
        self._key = key
        self._come = 0
        self.told: list[tuple[str, int]] = []
        """(rules version, fit points) of each signal."""

    def told_by(self, version: str) -> bool:
        """One more comes; was the signal made by this version?"""
        self._come += 1
        who = f"visitor-{self._come}"
        self._running.post("/v1/group", self._key, group(who))
        page = {"userId": who, "properties": {"path": "/pricing"}}
        self._running.post("/v1/page", self._key, page)
        until(lambda: len(self._signals()) == self._come)
        score = self._signals()[0]["data"]["score"]
        self.told.append((score["rules"]["version"], score["fit"]["points"]))
        return self.told[-1][0] == version

    def _signals(self) -> list[dict[str, Any]]:
        url = f"http://127.0.0.1:{self._running.port}/v1/signals?type=lead.hot"
        found: list[dict[str, Any]] = httpx.get(url, auth=(self._key, ""), timeout=60).json()[
            "signals"
        ]
        return found


def test_no_request_fails_and_no_answer_mixes_two_versions(
    running: Running, tmp_path: Path
) -> None:
    """Publications and a rollback under load: each answer has the points of the version it names,
    in the api as in the worker, and nothing is restarted.
    """
    wanted = ("--kind", "secret", "--scope", "rules:draft", "--scope", "rules:publish", "--json")
    key = json.loads(running.leadline("keys", "create", *wanted).stdout)["key"]
    pids = {role: running.pid(role) for role in ("api", "worker", "deliver")}
    points = {publish_folder(running, tmp_path, FIRST): FIRST}
    running.post("/v1/group", key, group("asked"))
    url = f"http://127.0.0.1:{running.port}"

    def scored() -> bool:
        answer = running.post("/v1/score", key, {"lead": {"user_id": "asked"}})
        return answer.status_code == 200 and answer.json()["fit"]["points"] == FIRST

    until(scored)
    load, visitors = Load(url, key), Visitors(running, key)
    client = httpx.Client(base_url=url, auth=(key, ""), timeout=60)
    try:
        for step in STEPS:
            version = publish_draft(client, step)
            points[version] = step
            until(lambda seen=(version, step): load.seen[seen] > ASKING)
            until(lambda live=version: visitors.told_by(live))
        back = str(client.post("/v1/rules/rollback", json={}).json()["version"])
        before = load.seen[back, points[back]]
        until(lambda: load.seen[back, points[back]] > before + ASKING)
        until(lambda: visitors.told_by(back))
    finally:
        load.end()
        client.close()

    assert load.failed == []
    assert set(load.seen) == set(points.items())
    assert set(visitors.told) <= set(points.items())
    assert {role: running.pid(role) for role in pids} == pids
