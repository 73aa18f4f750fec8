"""Columns that know the end: found when planted, and honest ones left alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from core.clock import DAY, from_iso
from events.attributes import Column, ColumnKind
from events.labels import Label
from features.vector import FeatureVector
from features.windows import Value
from scoring.card import LeftOut
from training.dataset import Example
from training.leaks import find_leaks
from training.single import interval, single_auc

CREATED = from_iso("2026-01-05")
ROWS = 1_500
AGE = 30

Planted = Callable[[bool, int, random.Random], Value]
"""(won, days until it closed, chance) → the column's value."""


def examples(**columns: Planted) -> list[Example]:
    """Leads that end at random; about a third is won."""
    chance = random.Random(11)
    found = []
    for number in range(ROWS):
        won, took = chance.random() < 0.33, chance.randrange(3, 80)
        label = Label(f"c{number}", CREATED, won, CREATED + took * DAY)
        values = {f"crm_{name}": make(won, took, chance) for name, make in columns.items()}
        vector = FeatureVector(f"l{number}", None, label.moment(AGE), values)
        found.append(Example(label, AGE, vector, f"c{number}"))
    return found


def look(
    kind: ColumnKind, title: str, make: Planted, limit: float = 0.95, **others: Planted
) -> list[LeftOut]:
    columns = {"crm_x": Column("crm_x", kind, title)}
    columns |= {f"crm_{name}": Column(f"crm_{name}", ColumnKind.NUMBER, name) for name in others}
    return find_leaks(examples(x=make, **others), columns, limit, seed=1)


def only(leaks: list[LeftOut]) -> str:
    [leak] = leaks
    return "; ".join(leak.reasons)


NUMBER, WORD, FLAG, DATE = ColumnKind.NUMBER, ColumnKind.WORD, ColumnKind.FLAG, ColumnKind.DATE


def weak(won: bool, _: int, chance: random.Random) -> Value:
    """What an honest column tells: a little."""
    return chance.gauss(0.5 if won else 0, 1)


def word(won: bool, _: int, chance: random.Random) -> Value:
    return chance.choice(["web", "web", "fair", "call"] if won else ["web", "fair", "fair", "call"])


PLANTED: dict[str, tuple[ColumnKind, str, Planted, str]] = {
    "a copy of the end": (FLAG, "Flag 7", lambda won, _, __: int(won), "all by itself"),
    "a copy with noise": (
        NUMBER, "Index", lambda won, _, chance: chance.gauss(3 if won else 0, 1), "all by itself"),
    "a curve, not a slope": (
        NUMBER, "Index", lambda won, _, chance: chance.gauss(0, 1 if won else 0.01), "by itself"),
    "filled only for winners": (
        WORD, "Contract type",
        lambda won, _, chance: chance.choice(["a", "b"]) if won and chance.random() < 0.3 else None,
        "of those won, in 0.0% of the others"),
    "filled only for losers": (
        WORD, "Comment",
        lambda won, _, chance: None if won or chance.random() < 0.6 else chance.choice(["x", "y"]),
        "of those not won"),
    "a date after the moment": (
        DATE, "Handover", lambda _, took, __: float(took), "dated after the moment"),
    "the deal's length": (
        NUMBER, "Duration", lambda _, took, __: took, "time until the deal closed"),
    "a suspicious name": (WORD, "Lead Status", word, "“status” in its name"),
    "the state at the export": (
        NUMBER, "LastActivity",
        lambda won, _, chance: chance.gauss(1 if won else 0, 1), "as of the export"),
    "words that tell": (
        WORD, "Tags",
        lambda won, _, chance: "Closed by Ann" if won and chance.random() < 0.2
        else chance.choice(["ringing", "busy"]), "its words tell the end"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_leak_is_found_with_its_reason(name: str) -> None:
    """Each of them makes a model that shines in the test and fails on the first open lead."""
    kind, title, make, reason = PLANTED[name]
    assert reason in only(look(kind, title, make))


HONEST: dict[str, tuple[ColumnKind, str, Planted]] = {
    "a weak number": (NUMBER, "Employees", weak),
    "a weak word": (WORD, "Lead Source", word),
    "often missing": (
        NUMBER, "Revenue", lambda won, _, chance: weak(won, _, chance)
        if chance.random() < 0.05 else None),
    "missing a bit more for losers": (
        WORD, "Phone type",
        lambda won, _, chance: "mobile" if chance.random() < (0.9 if won else 0.7) else None),
    "a thousand words": (WORD, "City", lambda _, __, chance: f"city {chance.randrange(1_000)}"),
    "an id": (WORD, "Ref", lambda _, __, chance: f"{chance.getrandbits(60):x}"),
    "a date before": (DATE, "Founded", lambda _, __, chance: -chance.randrange(3_000)),
    "a suspicious name that tells nothing": (
        WORD, "Closing time of the shop", lambda _, __, chance: chance.choice(["18", "20"])),
    "constant": (WORD, "Country", lambda _, __, ___: "US"),
    "all missing": (NUMBER, "Fax", lambda _, __, ___: None),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_column_is_left_alone(name: str) -> None:
    """Whoever cries at every column is not listened to."""
    assert look(*HONEST[name]) == []


def test_a_column_far_above_all_others_is_found_below_the_limit() -> None:
    """Nearly the answer is a leak too; among equals the same figure is none."""

    def strong(won: bool, _: int, chance: random.Random) -> Value:
        return chance.gauss(1.7 if won else 0, 1)

    assert "far above" in only(look(NUMBER, "PageValues", strong, next_one=weak))
    assert look(NUMBER, "PageValues", strong, next_one=strong) == []


def test_shuffled_ends_are_known_by_no_column() -> None:
    """The test that can fail: what is found in noise would be an artefact of the search."""
    found = []
    for seed in range(5):
        chance = np.random.default_rng(seed)
        won = chance.random(ROWS) < 0.3
        for values in (
            chance.normal(size=ROWS).tolist(),
            [str(one) for one in chance.integers(0, 400, ROWS)],
            [str(one) for one in chance.permutation(ROWS)],
        ):
            told = single_auc(values, won, seed)
            found.append(told.auc)
            assert told.low <= told.auc <= told.high
    assert max(found) < 0.56
    assert find_leaks([], {}, 0.95, 1) == []


def test_the_interval_is_as_wide_as_samples_scatter() -> None:
    """Held to draws of the same size: a formula copied wrongly would promise too much."""
    chance = np.random.default_rng(2)
    won = np.repeat([True, False], [60, 140])
    aucs = []
    for _ in range(400):
        scores = chance.normal(size=200) + 1.2 * won
        aucs.append(float(np.mean(scores[:60, None] > scores[None, 60:])))
    low, high = interval(float(np.mean(aucs)), 60, 140)
    assert (high - low) / (2 * 1.96) == pytest.approx(float(np.std(aucs)), rel=0.15)
    assert interval(1.0, 10, 10) == (1.0, 1.0)


def test_what_only_late_winners_have_too_is_found():
    """Olist fills four columns for every seller that was won, also after the label window: as
    lessons of “not won” those hide them.
    """
    found = []
    made = examples(
        x=lambda won, took, _: 5.0 if (won or took < 12) and took % 3 == 0 else None,
        ended=lambda won, took, _: 1.0 if won or took < 12 else 0.0,
    )
    for one in made:
        closed_at = one.label.closed_at if one.vector.values["crm_ended"] else None
        found.append(one._replace(label=one.label._replace(closed_at=closed_at)))

    leaks = find_leaks(found, {"crm_x": Column("crm_x", NUMBER, "Shop")}, 0.95, seed=1)

    assert "whose deal ever closed, in 0.0% of the others" in only(leaks)
