"""A feature of ours that knows the end stops the run: its events tell too early what came later."""

from __future__ import annotations

import random

import pytest

from core.clock import DAY, from_iso
from core.errors import DefinitionError, WorkError
from events.attributes import Column, ColumnKind
from events.labels import Label
from features.vector import FeatureVector, vector
from training.columns import kept
from training.dataset import Example
from training.feature_leaks import check_features

CREATED = from_iso("2026-01-05")
_EMPTY = vector("", None, None, None, 0).values


def examples(rows=1_200, **features):
    """Leads that end at random; each feature from (won, chance)."""
    chance = random.Random(5)
    found = []
    for number in range(rows):
        won = chance.random() < 0.3
        told = {name: make(won, chance) for name, make in features.items()}
        label = Label(f"c{number}", CREATED, won, CREATED + 40 * DAY)
        values = FeatureVector(f"l{number}", None, label.moment(30), {**_EMPTY, **told})
        found.append(Example(label, 30, values, f"c{number}"))
    return found


def leak(won, _chance):
    return 5 if won else 0


def strong(won, chance):
    """An AUC of about 0.9: the standard deviations are 1.8 apart."""
    return chance.gauss(1.8 if won else 0, 1)


def honest(won, chance):
    return chance.gauss(0.6 if won else 0, 1)


def check(found, keep=()):
    heard: list[str] = []
    return check_features(found, keep, 0.95, 1, heard.append), heard


def test_an_honest_feature_is_not_mentioned():
    """What models live from is no leak."""
    assert check(examples(page_views_7d=honest)) == ((), [])


def test_a_suspicious_feature_is_told_and_taught():
    """Perhaps it is that good; somebody should look before he trusts the figures."""
    also, heard = check(examples(page_views_7d=honest, meetings_7d=strong))
    assert also == ()
    (line,) = heard
    assert line.startswith("suspicious: meetings_7d: tells much of the end all by itself (AUC 0.8")


def test_above_the_limit_nothing_is_trained_unless_it_is_kept():
    """Leaving it out would hide where it comes from, which other features may share."""
    found = examples(page_views_7d=honest, meetings_7d=leak, calls_7d=strong)
    with pytest.raises(WorkError, match="1 features look like leakage") as wrong:
        check(found)
    assert [one.message[:12] for one in wrong.value.problems] == ["meetings_7d:"]
    also, heard = check(found, keep=("meetings_7d",))
    assert also == ("meetings_7d",)
    assert [line.split(":")[0] for line in heard] == ["kept, by order", "suspicious"]


def test_a_high_figure_of_few_leads_stops_nothing():
    """Chance makes it: a new installation would never train."""
    found = examples(rows=60, meetings_7d=lambda won, chance: won + (chance.random() < 0.03))
    also, heard = check(found)
    assert also == ()
    assert heard[0].startswith("suspicious: meetings_7d: tells much")
    assert float(heard[0][-6:-1]) >= 0.95


def test_where_all_ended_the_same_nothing_can_leak():
    """The run ends for another reason, which is told."""
    assert check(examples(rows=3, meetings_7d=leak)[:1]) == ((), [])


def test_a_feature_is_kept_by_its_name_like_a_column_by_its_title():
    """And a misspelt one is told before hours are spent."""
    columns = {"crm_x": Column("crm_x", ColumnKind.NUMBER, "Lead Score")}
    assert kept(["lead score", "meetings_7d"], columns) == {"crm_x", "meetings_7d"}
    with pytest.raises(DefinitionError) as wrong:
        kept(["meetings_7"], columns)
    assert "meetings_7d" in wrong.value.problems[0].message
