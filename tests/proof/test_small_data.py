"""With few ends known, what is served is hardly ever worse than the better of rules and model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import redis
import sqlalchemy as sa

from core.clock import SystemClock
from core.database import open_record
from core.installation import Installation
from core.settings import Models
from demo.apart import apart
from demo.build import Paths, build
from events.labels import definition, label
from tests.proof import small, worlds
from training.build import AskRules
from training.dataset import examples
from training.rules_alone import ask_rules
from training.split import read_split

pytestmark = pytest.mark.proof

WORLDS = (
    worlds.World(404, "intro"),
    worlds.World(404, "intermediate"),
    worlds.World(404, "advanced"),
)
DRAWS = 5
MARGIN = 0.005
"""Of log loss, on average over worlds and draws."""
RESULTS = worlds.ROOT / "benchmarks" / "results" / "small_data.json"

Row = dict[str, float | str]


def test_the_blend_is_hardly_worse_than_the_better_of_its_parts(
    tmp_path: Path, redis_server: str, redis_client: redis.Redis, tell: Callable[[str], None]
) -> None:
    """At any number of wins, with the rules and the fit as shipped."""
    rows: list[Row] = []
    for world in WORLDS:
        redis_client.flushall()
        read = _read(world, tmp_path / f"{world.seed}-{world.difficulty}", redis_server)
        rows += [
            _row(world, wins, [small.losses(read, wins, at) for at in range(DRAWS)])
            for wins in small.WINS
            if wins <= small.most(read)
        ]
        tell("\n".join(_table(rows)))
    worlds.write(rows, RESULTS)
    for wins in small.WINS:
        above = [_above(one) for one in rows if one["wins"] == wins]
        assert sum(above) / len(above) <= MARGIN, wins


def _read(world: worlds.World, folder: Path, redis_url: str) -> small.World:
    installation = Installation(folder).create()
    paths = Paths(installation.root / "world")
    apart(build, paths.folder, world.seed, world.difficulty, worlds.LEADS, SystemClock().now())
    apart(worlds.feed, folder, paths.calls, redis_url)
    engine, models, now = open_record(installation.record_db), Models(), SystemClock().now()
    known = label(engine, models.label_days, now).known
    found = examples(installation, engine, known, definition(models).ages_days, now)
    parts = read_split(paths.split)
    return small.World(found, parts, _rules(engine), models.moment_days)


def _rules(engine: sa.Engine) -> AskRules:
    return lambda asked: ask_rules(engine, asked)


def _row(world: worlds.World, wins: int, found: list[small.Losses]) -> Row:
    means = np.mean(np.array(found), axis=0).round(4).tolist()
    told: Row = {"seed": world.seed, "difficulty": world.difficulty, "wins": wins}
    return told | dict(zip(small.Losses._fields, means, strict=True))


def _above(row: Row) -> float:
    return float(row["served"]) - min(float(row["rules"]), float(row["model"]))


def _table(rows: list[Row]) -> Iterator[str]:
    """Markdown."""
    names = ("seed", "difficulty", "wins", *small.Losses._fields)
    yield "\n| " + " | ".join((*names, "above the better")) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for one in rows:
        yield "| " + " | ".join(str(one[name]) for name in names) + f" | {_above(one):+.4f} |"
