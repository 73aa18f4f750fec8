"""Damaged models: none is put in force, none stops what serves."""

from __future__ import annotations

import hashlib
import logging
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from core import release
from core.database import open_record
from core.installation import Installation
from features.vector import FeatureVector, vector
from scoring.card import TREES_FILE, Calibration, read_card, seal, write_card
from serving.release.inforce import InForce
from tests.serving.faults.damage import DAMAGES

Publish = Callable[[Installation, str], Path]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path).create()


def write_other(write_model: Publish, installation: Installation, version: str) -> Path:
    """A model that answers otherwise than each other version does."""
    folder = write_model(installation, version)
    trees = (folder / TREES_FILE).read_bytes() + b"\n" * int(version)
    (folder / TREES_FILE).write_bytes(trees)
    changes = {
        "calibration": Calibration(1.0, 0.1 + int(version) / 3),
        "trees_sha256": hashlib.sha256(trees).hexdigest(),
    }
    write_card(folder, seal(msgspec.structs.replace(read_card(folder), **changes)))
    return folder


def someone() -> FeatureVector:
    return vector("1" * 24, None, None, None, 1_700_000_000_000_000)


@pytest.mark.parametrize(
    ("copies", "seed"), [(100, 1), pytest.param(2_000, 2, marks=pytest.mark.proof)]
)
def test_no_damaged_copy_of_a_model_is_put_in_force(
    copies: int,
    seed: int,
    installation: Installation,
    write_model: Publish,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each copy is wanted by the release; the model before it goes on to answer, bit for bit. The
    same copy unharmed serves at the next look.
    """
    caplog.set_level(logging.CRITICAL)
    engine = open_record(installation.record_db)
    other = write_other(write_model, installation, "1")
    good = write_other(write_model, installation, "2").rename(installation.root / "good")
    folder = installation.releases / "lead_propensity-2"
    release.make(engine, 1, "test", model_name="lead_propensity", model_version="1")
    in_force = InForce(installation, engine, 0.0)
    before = in_force.now()
    assert before.scorer is not None
    wanted = before.scorer.score([someone()])
    release.make(engine, 2, "test", model_version="2")
    draw = random.Random(seed)
    kinds: Counter[str] = Counter()
    for at in range(copies):
        damage = DAMAGES[at % len(DAMAGES)]
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(good, folder)
        damage(folder, other, draw)
        loaded = in_force.now()
        assert loaded.scorer is before.scorer, damage
        assert loaded.release.model_version == "1"
        kinds[damage.__name__.strip("_")] += 1
    assert before.scorer.score([someone()]) == wanted
    shutil.rmtree(folder)
    shutil.copytree(good, folder)
    repaired = in_force.now().scorer
    assert repaired is not None
    assert repaired.version == "2"
    assert repaired.score([someone()]) != wanted
    if copies > 1_000:
        with capsys.disabled():
            print(f"\n{copies} damaged copies, none in force: {dict(kinds)}")  # noqa: T201
    engine.dispose()


def test_files_of_another_version_never_answer_by_this_ones_name(
    installation: Installation, write_model: Publish
) -> None:
    """Both files fit together: only the folder's name tells."""
    engine = open_record(installation.record_db)
    other = write_other(write_model, installation, "1")
    shutil.copytree(other, installation.releases / "lead_propensity-2")
    release.make(engine, 1, "test", model_name="lead_propensity", model_version="2")
    loaded = InForce(installation, engine, 0.0).now()
    assert (loaded.scorer, loaded.degraded) == (None, ("model",))
    engine.dispose()
