"""One world through the whole way, in process: log, worker, lake, Feast, training, the scorer.

Each part runs in a process of its own, so that its memory is given back before the next begins.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import msgspec

import training.compare
from core.clock import SystemClock
from core.connections import connect_redis
from core.database import open_record
from core.installation import Installation
from core.settings import load_settings
from demo import baseline as flat_table
from demo.apart import apart
from demo.build import Paths, build
from demo.system import last_object
from events.identity.index import IdentifierIndex
from events.intake.log import EventLog, NewEvent
from events.types import Door
from features.online import OnlineStore
from scoring import Scorer
from scoring.registry import MODEL_NAME
from serving.release.inforce import InForce
from serving.roles.worker import Loop
from serving.running.up import prepare
from serving.worker.judge import Judge
from serving.worker.online_sync import OnlineSync
from serving.worker.pipeline import Pipeline

ROOT = Path(__file__).parents[2]
LEADS = 5_000
BATCH = 500


class World(NamedTuple):
    seed: int
    difficulty: str


class Tested(NamedTuple):
    """The test leads of a world, by lead: how each ended, and the chance that a model gave it."""

    won: dict[str, bool]
    chances: dict[str, float]


class Result(NamedTuple):
    ours: Tested
    flat: Tested
    told: dict[str, float]
    """What `leadline train` printed of its test leads."""


def run(world: World, folder: Path, redis_url: str) -> Result:
    """From nothing to the chances of both models on the same test leads."""
    installation = Installation(folder).create()
    paths = Paths(installation.root / "world")
    apart(build, paths.folder, world.seed, world.difficulty, LEADS, SystemClock().now())
    apart(feed, folder, paths.calls, redis_url)
    trained = _train(installation, paths.split)
    ours = apart(score, folder, paths.split, str(trained["version"]))
    return Result(ours, apart(flat, paths.folder), trained["test"])


def feed(folder: Path, calls: Path, redis_url: str) -> None:
    """All calls into the log by the historical door, then the worker until it has caught up."""
    installation = Installation(folder)
    settings, clock = load_settings(), SystemClock()
    prepare(installation, settings)
    log = EventLog(installation.log_db, clock)
    lines = calls.read_bytes().splitlines()
    for at in range(0, len(lines), BATCH):
        some = [NewEvent(Door.IMPORT, "segment", "", "", "", one) for one in lines[at : at + BATCH]]
        log.append(some).result(60)
    engine = open_record(installation.record_db)
    client = connect_redis(redis_url, timeout_s=2.0)
    index = IdentifierIndex(client, engine, installation.secret())
    online = OnlineSync(engine, OnlineStore(client), index)
    judge = Judge(settings, InForce(installation, engine))
    pipeline = Pipeline(installation, settings, engine, judge, online, clock)
    worker = Loop(pipeline, log, settings, threading.Event())
    while worker.step():
        continue
    told = pipeline.progress
    assert (told.processed, told.duplicates, told.failed) == (len(lines), 0, 0)
    log.close()


def _train(installation: Installation, split: Path) -> dict[str, dict[str, float]]:
    """As people train: the command, in a process of its own."""
    words = ("train", "--split", str(split), "--json", "--data", str(installation.root))
    command = [sys.executable, "-m", "cli", *words]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return last_object(ended.stdout)


def score(folder: Path, split_file: Path, version: str) -> Tested:
    """The test leads at their moment, point in time, by the release that would serve them."""
    from events.labels import label
    from training.dataset import examples
    from training.split import read_split, split

    installation = Installation(folder)
    models, now = load_settings().models, SystemClock().now()
    engine = open_record(installation.record_db)
    labels = label(engine, models.label_days, now).known
    parts = read_split(split_file)
    wanted = [one for one in labels if parts.get(one.crm_id) == "test"]
    age = models.moment_days
    tested = split(examples(installation, engine, wanted, [age], now), parts, age).test
    scorer = Scorer.load(installation.releases / f"{MODEL_NAME}-{version}")
    scores = scorer.score([one.vector for one in tested])
    return Tested(
        {one.label.crm_id: one.label.won for one in tested},
        {one.label.crm_id: told.propensity for one, told in zip(tested, scores, strict=True)},
    )


def flat(world: Path) -> Tested:
    """The flat baseline's chances, overheard on their way to its own figures."""
    import pyarrow.parquet as pq

    heard: list[tuple[Sequence[bool], Sequence[float]]] = []
    compare = training.compare.compare

    def listen(won: Sequence[bool], propensities: Sequence[float]) -> dict[str, float]:
        heard.append((won, propensities))
        return compare(won, propensities)

    with patch.object(flat_table, "compare", listen):
        flat_table.baseline(world)
    won, chances = heard[0]  # the tuned one; the plain one comes second
    table = pq.read_table(world / "tasks" / flat_table.TASK / "test.parquet", columns=["lead_id"])
    names = table.column("lead_id").to_pylist()
    return Tested(dict(zip(names, won, strict=True)), dict(zip(names, chances, strict=True)))


def write(rows: list[dict[str, float | str]], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
