"""The model against the flat baseline, on six generated worlds, through the whole real way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests.proof.delong import paired
from tests.proof.worlds import ROOT, Result, World, run, write
from training.compare import compare

pytestmark = pytest.mark.proof

WORLDS = (
    World(7, "intermediate"),
    World(21, "intro"),
    World(33, "advanced"),
    World(21, "intermediate"),
    World(33, "intro"),
    World(7, "advanced"),
)
MARGIN = 0.01
"""So far the mean may lie below the baseline's."""
RESULTS = ROOT / "benchmarks" / "results" / "six_worlds.json"
COLUMNS = ("auc", "flat_auc", "difference", "paired_se", "ap", "flat_ap", "brier", "flat_brier")

Row = dict[str, float | str]


def test_the_model_holds_against_the_flat_baseline(
    tmp_path: Path, redis_server: str, redis_client: redis.Redis, tell: Callable[[str], None]
) -> None:
    """One world is a coin toss (its standard error is 0.02 to 0.03); six tell."""
    rows: list[Row] = []
    for world in WORLDS:
        redis_client.flushall()
        result = run(world, tmp_path / f"{world.seed}-{world.difficulty}", redis_server)
        rows.append(row(world, result))
        tell("\n".join(table(rows)))
    write(rows, RESULTS)
    differences = [float(one["difference"]) for one in rows]
    assert sum(differences) / len(rows) >= -MARGIN
    for one in rows:
        assert float(one["difference"]) >= -2 * float(one["paired_se"]), one


def row(world: World, result: Result) -> Row:
    """Both models on the same leads, which ended the same for both."""
    ours, flat = result.ours, result.flat
    assert ours.won == flat.won
    names = sorted(ours.won)
    won = [ours.won[name] for name in names]
    chances = [ours.chances[name] for name in names]
    flat_chances = [flat.chances[name] for name in names]
    told, flat_told = compare(won, chances), compare(won, flat_chances)
    assert told["auc"] == pytest.approx(result.told["auc"]), "another model than training told of"
    both = paired(won, chances, flat_chances)
    figures = (
        both.first, both.second, both.difference, both.standard_error,
        told["average_precision"], flat_told["average_precision"], told["brier"],
        flat_told["brier"],
    )  # fmt: skip
    named: Row = {"seed": world.seed, "difficulty": world.difficulty}
    rounded = (round(figure, 4) for figure in figures)
    return named | {"test_leads": len(won)} | dict(zip(COLUMNS, rounded, strict=True))


def table(rows: list[Row]) -> Iterator[str]:
    """Markdown, with the means below."""
    names = ("seed", "difficulty", "test_leads", *COLUMNS)
    yield "\n| " + " | ".join(names) + " |"
    yield "|---" * len(names) + "|"
    for one in rows:
        yield "| " + " | ".join(str(one[name]) for name in names) + " |"
    means = (f"{sum(float(one[name]) for one in rows) / len(rows):.4f}" for name in COLUMNS)
    yield "| mean | | | " + " | ".join(means) + " |"
