"""The other steps, one function each. A step that falls short raises WorkError."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from core.clock import SystemClock
from core.database import reading
from core.errors import WorkError
from demo.apart import apart
from demo.baseline import baseline
from demo.build import Built, Paths, build
from demo.figures import Model
from demo.folder import SLACK
from demo.known import Fields
from demo.receiver import Receiver
from demo.system import System
from demo.visitor import Visitor, introductions, visitors
from demo.walk import Visit, Walk
from signals import outbox

CHAMPION_S = 30.0
SLACK_S = 10.0
SCORED = 500
VISITORS = 20
_LOOK_S = 0.2


def build_world(folder: Path, seed: int, difficulty: str, leads: int) -> Built:
    return apart(build, folder, seed, difficulty, leads, SystemClock().now())


def train(system: System, world: Paths) -> Model:
    """Our model through `leadline train`, and the flat baseline, each in a process of its own."""
    ours = system.command("train", "--split", str(world.split))
    flat = apart(baseline, world.folder)
    tested = ours["test"]
    return Model(
        name=ours["name"],
        version=ours["version"],
        auc=tested.get("auc"),
        average_precision=tested.get("average_precision"),
        brier=tested["brier"],
        baseline_auc=flat.get("auc"),
        baseline_average_precision=flat.get("average_precision"),
        baseline_brier=flat["brier"],
        baseline_plain_auc=flat.get("plain_auc"),
        closed_by_then=ours["test_closed_by_then"],
        open_then=ours["test_open_then"],
    )


def await_champion(client: httpx.Client, user_id: str, version: str) -> None:
    """Until the running api answers with the new champion: no restart."""
    deadline = time.monotonic() + CHAMPION_S
    while True:
        model = _score(client, user_id)["model"]
        if model is not None and model["version"] == version:
            return
        if time.monotonic() > deadline:
            raise WorkError(
                f"the api still serves model {model} {CHAMPION_S:.0f} s after version {version} "
                "became champion"
            )
        time.sleep(_LOOK_S)


def score_leads(client: httpx.Client, people: Sequence[str]) -> list[float]:
    """Milliseconds of each of up to 500 single calls, for leads spread over the whole world."""
    every = max(len(people) // SCORED, 1)
    taken = []
    for user_id in people[::every][:SCORED]:
        started = time.perf_counter()
        answer = _score(client, user_id)
        taken.append((time.perf_counter() - started) * 1_000)
        if answer["propensity"] is None or answer["degraded"]:
            raise WorkError(f"lead {answer['lead_id']} was scored without {answer['degraded']}")
    return taken


def _score(client: httpx.Client, user_id: str) -> Fields:
    answer = client.post("/v1/score", json={"lead": {"user_id": user_id}})
    if answer.status_code != 200:
        raise WorkError(f"a score call for a known lead was refused: {answer.text[:300]}")
    told: Fields = answer.json()
    return told


def introduce(client: httpx.Client, seed: int, companies: Sequence[Fields]) -> list[Visitor]:
    """The visitors, known to the CRM since just now. They count among the leads from here on."""
    people = visitors(seed, companies, VISITORS)
    calls = introductions(people, SystemClock().now() // 1_000 - 60_000)
    answer = client.post("/v1/import", json={"batch": calls})
    if answer.status_code != 200:
        raise WorkError(f"the visitors could not be introduced: {answer.text[:300]}")
    return people


def slack_waiting(system: System) -> int:
    """Messages for the Slack channel that its pace still holds back."""
    with reading(system.record) as connection:
        return outbox.waiting(connection, SLACK)


def walk(
    people: Sequence[Visitor], write: httpx.Client, secret: httpx.Client, receiver: Receiver
) -> list[Visit]:
    visits = [Walk(who, write, secret, receiver).run() for who in people]
    if receiver.refused:
        raise WorkError(f"{receiver.refused} webhooks carried a signature that does not hold")
    if not receiver.wait_for_slack(SLACK_S):
        raise WorkError(f"no Slack message arrived in {SLACK_S:.0f} s after the last signal")
    return visits
