"""The steps of the demo, one function each. A step that falls short raises WorkError."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import sqlalchemy as sa

from core.clock import SystemClock
from core.database import reading
from core.errors import WorkError
from demo.apart import apart
from demo.baseline import baseline
from demo.build import Built, Paths, build
from demo.figures import Model
from demo.post import Posted, post
from demo.receiver import Receiver
from demo.system import System
from demo.teller import Teller
from demo.visitor import Visit, Visitor, Walk, introductions, visitors
from events.identity.tables import ACCOUNT, LEAD
from features.definitions import Entity
from features.record import read_tiles
from features.windows import windows

CATCH_UP_S = 900.0
CHAMPION_S = 30.0
SLACK_S = 10.0
SCORED = 500
VISITORS = 20
_LOOK_S = 0.2


class Counts(NamedTuple):
    """accepted = processed + duplicates + failed, once the worker has caught up."""

    processed: int
    duplicates: int
    failed: int
    stage_seconds: dict[str, float]


class Known(NamedTuple):
    """What the record knows once history is in. `page_views` is the lifetime feature, summed."""

    leads: int
    accounts: int
    page_views: int


def build_world(folder: Path, seed: int, difficulty: str, leads: int) -> Built:
    return apart(build, folder, seed, difficulty, leads, SystemClock().now())


def post_history(client: httpx.Client, file: Path, count: int, teller: Teller) -> Posted:
    with file.open("rb") as lines, teller.progress("events posted", count) as advance:
        posted = post(client, (line.rstrip(b"\n") for line in lines), advance)
    if posted.accepted + posted.refused != count:
        raise WorkError(f"{count} events were posted, but the batches held another number")
    if posted.refused:
        raise WorkError(f"{posted.refused} events of history were refused: {posted.problem}")
    return posted


def catch_up(system: System, client: httpx.Client, accepted: int, teller: Teller) -> Counts:
    """Waits until the worker has processed all that is in the log, and counts what became of it."""
    deadline = time.monotonic() + CATCH_UP_S
    with teller.progress("events processed", accepted) as advance:
        done = 0
        while True:
            health = client.get("/healthz").raise_for_status().json()
            worker = health["worker"]
            advance(worker["offset"] - done)
            done = worker["offset"]
            if worker["caught_up"]:
                return _counts(worker, accepted)
            system.check()
            if time.monotonic() > deadline:
                raise WorkError(f"the worker has come to {done} of {accepted} events in 15 minutes")
            time.sleep(_LOOK_S)


def _counts(worker: dict[str, Any], accepted: int) -> Counts:
    counts = Counts(
        worker["processed"], worker["duplicates"], worker["failed"], worker["stage_seconds"]
    )
    told = counts.processed + counts.duplicates + counts.failed
    if told != accepted:
        raise WorkError(
            f"{accepted} events were accepted, but {counts.processed} processed, "
            f"{counts.duplicates} duplicates and {counts.failed} failed make {told}"
        )
    return counts


def count_known(system: System, page_views_posted: int) -> Known:
    """Leads that stand for themselves, accounts, and the lifetime page views of all leads."""
    now = SystemClock().now()
    with reading(system.record) as connection:
        alive = sa.select(LEAD.c.lead_id).where(LEAD.c.merged_into.is_(None))
        leads = list(connection.execute(alive).scalars())
        accounts = connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar_one()
        tiles = read_tiles(connection, Entity.LEAD, leads)
    views = sum(
        int(windows(held, now, Entity.LEAD)["page_views_ever"] or 0) for held in tiles.values()
    )
    if views != page_views_posted:
        raise WorkError(
            f"{page_views_posted} page views were posted, but the feature page_views_ever sums "
            f"to {views} over {len(leads)} leads"
        )
    return Known(len(leads), accounts, views)


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


def _score(client: httpx.Client, user_id: str) -> dict[str, Any]:
    answer = client.post("/v1/score", json={"lead": {"user_id": user_id}})
    if answer.status_code != 200:
        raise WorkError(f"a score call for a known lead was refused: {answer.text[:300]}")
    told: dict[str, Any] = answer.json()
    return told


def introduce(
    client: httpx.Client, seed: int, companies: Sequence[dict[str, Any]]
) -> list[Visitor]:
    """The visitors, known to the CRM since just now. They count among the leads from here on."""
    people = visitors(seed, companies, VISITORS)
    calls = introductions(people, SystemClock().now() // 1_000 - 60_000)
    answer = client.post("/v1/import", json={"batch": calls})
    if answer.status_code != 200:
        raise WorkError(f"the visitors could not be introduced: {answer.text[:300]}")
    return people


def walk(
    people: Sequence[Visitor], write: httpx.Client, secret: httpx.Client, receiver: Receiver
) -> list[Visit]:
    visits = [Walk(who, write, secret, receiver).run() for who in people]
    if receiver.refused:
        raise WorkError(f"{receiver.refused} webhooks carried a signature that does not hold")
    if not receiver.wait_for_slack(SLACK_S):
        raise WorkError(f"no Slack message arrived in {SLACK_S:.0f} s after the last signal")
    return visits
