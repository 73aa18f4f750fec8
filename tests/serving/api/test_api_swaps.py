"""Models, rules and experiments change under load: each answer is of one release, whole."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

import rules
from core import release
from rules.life import publish, rollback
from scoring import experiment
from scoring.arms import CHALLENGER, Arms
from scoring.calibration import Calibration
from scoring.card import read_card, seal, write_card
from tests.half_each import half_each
from tests.serving.api.conftest import CLIENT_S, Rig

FIRST, SECOND = "151", "152"
USERS = [f"swapped-{number}" for number in range(6)]
IN_FORCE_S = 5.0

Named = tuple[str, str, str | None, str]
"""What an answer names: rules, model, experiment, and the lead it is of."""
Numbers = tuple[float, float, float]


@pytest.fixture(scope="module")
def two_versions(rig: Rig, write_model: Callable[..., Any]) -> Iterator[None]:
    """Two models that answer otherwise, the first in force."""
    calls = [{"type": "page", "userId": user, "properties": {"path": "/pricing"}} for user in USERS]
    batch = [{**call, "messageId": f"swap-{at}"} for at, call in enumerate(calls)]
    assert rig.client.post("/v1/batch", json={"batch": batch}).status_code == 200
    rig.work()
    for version in (FIRST, SECOND):
        folder = write_model(rig.installation, version)
        curve = Calibration(1.0, int(version) - 151.5)
        write_card(folder, seal(replace(read_card(folder), calibration=curve)))
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version=FIRST)
    publish(rig.engine, rules.read_catalog(), "ann", "", None, 1, "cli")
    deadline = time.monotonic() + CLIENT_S
    while rig.client.get("/v1/score", params={"user_id": USERS[0]}).json()["model"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield
    release.make(
        rig.engine, 2, "test", model_name=None, model_version=None, rules_version=0, experiment=None
    )


class Askers:
    """Ask for all leads, alone and together, without a pause."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._stop = threading.Event()
        self.seen: dict[Named, set[Numbers]] = defaultdict(set)
        self.now: dict[str, set[Named]] = {}
        self.answers = 0
        self.failed: list[str] = []
        works = (self._batch, self._single, self._single)
        self.threads = [
            threading.Thread(target=self._ask, args=(f"asker-{at}", work))
            for at, work in enumerate(works)
        ]
        for thread in self.threads:
            thread.start()

    def _ask(self, name: str, work: Callable[[httpx.Client], list[dict[str, Any]]]) -> None:
        auth = (self._rig.secret_key, "")
        with httpx.Client(base_url=self._rig.url, auth=auth, timeout=CLIENT_S) as client:
            while not self._stop.is_set():
                try:
                    told = work(client)
                    self.now[name] = {self._note(one) for one in told}
                    self.answers += len(told)
                except (httpx.HTTPError, KeyError, TypeError, ValueError) as problem:
                    self.failed.append(repr(problem))

    def _batch(self, client: httpx.Client) -> list[dict[str, Any]]:
        ask = {"leads": [{"user_id": user} for user in USERS], "explain": "none"}
        told: list[dict[str, Any]] = client.post("/v1/score/batch", json=ask).json()["results"]
        # All of one call are of one release.
        assert len({(one["rules"]["version"], "experiment" in one) for one in told}) == 1
        return told

    def _single(self, client: httpx.Client) -> list[dict[str, Any]]:
        return [client.get("/v1/score", params={"user_id": user}).json() for user in USERS[:2]]

    def _note(self, told: dict[str, Any]) -> Named:
        trial = told.get("experiment", {}).get("id")
        named = (told["rules"]["version"], told["model"]["version"], trial, told["lead_id"])
        self.seen[named].add((told["propensity"], told["intent"]["points"], told["priority"]))
        return named

    def wait_for(self, wanted: Callable[[Named], bool]) -> float:
        """Seconds until every asker is answered so."""
        began = time.monotonic()
        while not all(wanted(one) for named in list(self.now.values()) for one in named):
            assert time.monotonic() < began + CLIENT_S, self.now
            time.sleep(0.005)
        return time.monotonic() - began

    def end(self) -> None:
        self._stop.set()
        for thread in self.threads:
            thread.join()


def _steps(rig: Rig) -> Iterator[Callable[[], object]]:
    """One change after the other, of every kind, for ever."""
    files = rules.read_catalog()
    old = '    points: 20\n    text: "{pricing_views_7d|view|views} of the pricing page in 7 days"'
    assert old in files["intent.yaml"]
    for at in itertools.count(1):
        text = files["intent.yaml"].replace(old, old.replace("20", str(1 + at % 19)))
        model = (SECOND, FIRST)[at % 2]
        trial = half_each(model, (FIRST, SECOND)[at % 2])
        yield lambda model=model: release.make(rig.engine, 3, "swap", model_version=model)
        yield lambda text=text: publish(
            rig.engine, {**files, "intent.yaml": text}, "ann", "", None, 3, "cli"
        )
        yield lambda trial=trial: experiment.begin(rig.engine, trial, 3)
        yield lambda: rollback(rig.engine, None, "ann", 3)
        yield lambda: experiment.end(rig.engine, 3, promote=False)


def _is_in_force(rig: Rig) -> Callable[[Named], bool]:
    now = release.current(rig.engine)
    arms = Arms(rig.installation.secret(), now.experiment, 0.5) if now.experiment else None

    def holds(named: Named) -> bool:
        version, model, trial, lead_id = named
        theirs = now.model_version
        if arms is not None and arms.place(lead_id, None).arm == CHALLENGER:
            theirs = {FIRST: SECOND, SECOND: FIRST}[str(theirs)]
        return (version, model, trial) == (str(now.rules_version), theirs, now.experiment)

    return holds


@pytest.mark.parametrize("swaps", [20, pytest.param(200, marks=pytest.mark.proof)])
def test_no_answer_fails_or_mixes_two_releases(
    swaps: int, rig: Rig, two_versions: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Champions, rules published and rolled back, experiments begun and ended, in turns: whatever
    an answer names, its numbers are those that everybody gets who is told the same names.
    """
    steps = _steps(rig)
    askers = Askers(rig)
    waits = []
    try:
        askers.wait_for(_is_in_force(rig))
        for _ in range(swaps):
            next(steps)()
            waits.append(askers.wait_for(_is_in_force(rig)))
    finally:
        askers.end()
    assert askers.failed == []
    assert {named: told for named, told in askers.seen.items() if len(told) != 1} == {}
    of_one_lead = {next(iter(told)) for named, told in askers.seen.items()}
    assert len(of_one_lead) >= 4
    if swaps >= 200:
        assert max(waits) <= IN_FORCE_S
        with capsys.disabled():
            print(  # noqa: T201
                f"\n{swaps} swaps of models, rules and experiments, {askers.answers:,} answers, "
                f"0 failed, 0 mixed; in force after {max(waits):.2f} s at most"
            )
