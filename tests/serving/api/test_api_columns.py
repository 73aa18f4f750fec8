"""A model that reads a CRM's own columns, asked by the CRM's id and by everything else."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core import release
from core.clock import DAY, SystemClock, to_iso
from core.database import writing
from events.attributes import Column, ColumnKind, declare
from features.definitions import digest
from scoring.card import Input, read_card, seal, write_card


@pytest.fixture(scope="module")
def promoted(rig: Any, write_model: Any) -> Iterator[str]:
    """A model of `crm_seats` (more is better) in force, and the CRM's lead `crm-7` with nine."""
    column = Column("crm_seats", ColumnKind.NUMBER, "Seats")
    with writing(rig.engine) as record:
        declare(record, {"crm_seats": (column, {})}, 1)
    created = to_iso(SystemClock().now() - 40 * DAY)
    rig.client.post("/v1/import", json={"batch": [lead(created, 9, "Lead Created")]})
    rig.work()
    _write(write_model(rig.installation, "70"))
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version="70")
    yield "70"
    release.make(rig.engine, 2, "test", model_name=None, model_version=None)
    _await(rig, None)


def lead(at: str, seats: int, event: str) -> dict[str, Any]:
    external = [{"type": "crm_lead_id", "id": "crm-7"}]
    return {
        "type": "track",
        "event": event,
        "timestamp": at,
        "userId": "seven",
        "context": {"externalIds": external},
        "properties": {"crm": {"crm_seats": seats}},
    }


def _write(folder: Path) -> None:
    """The same trees, their first column being the CRM's."""
    card = read_card(folder)
    inputs = (Input("crm_seats"), Input("form_submits_7d"))
    changed = msgspec.structs.replace(
        card, inputs=inputs, features_digest=digest(("form_submits_7d",))
    )
    write_card(folder, seal(changed))
    assert hashlib.sha256((folder / "model.txt").read_bytes()).hexdigest() == card.trees_sha256


def _await(rig: Any, version: str | None) -> None:
    for _ in range(200):
        told = rig.client.get("/v1/score", params={"crm_id": "crm-7"}).json()
        if (told["model"] or {}).get("version") == version:
            return
        time.sleep(0.05)
    raise AssertionError(told)


def score(rig: Any, **ask: Any) -> dict[str, Any]:
    answer = rig.client.post("/v1/score", json={"explain": "full", **ask})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_lead_is_scored_by_its_columns(rig: Any, promoted: str) -> None:
    """By CRM id and by user id alike, with the column among the reasons, and adding up."""
    _await(rig, promoted)
    told = score(rig, lead={"crm_id": "crm-7"})
    assert told["model"]["version"] == promoted
    assert told["contributions"]["crm_seats"] > 0
    assert sum(told["contributions"].values()) + told["base"] == pytest.approx(told["margin"])
    assert "Seats 9" in [reason["text"] for reason in told["reasons"]]
    assert score(rig, lead={"user_id": "seven"})["propensity"] == told["propensity"]


def test_who_is_not_in_the_crm_is_scored_without(rig: Any, promoted: str) -> None:
    """A visitor has no columns; that is a missing value and no reason to refuse."""
    _await(rig, promoted)
    rig.client.post("/v1/page", json={"anonymousId": "stranger", "properties": {"path": "/"}})
    rig.work()
    told = score(rig, lead={"anonymous_id": "stranger"})
    assert 0 < told["propensity"] < score(rig, lead={"crm_id": "crm-7"})["propensity"]
    assert told["degraded"] == []
    assert rig.client.get("/v1/score", params={"crm_id": "nobody"}).status_code == 404


def test_a_change_counts_at_once_and_not_before(rig: Any, promoted: str) -> None:
    """The CRM tells more: the next score has it, and a score as of last week has not."""
    _await(rig, promoted)
    before = score(rig, lead={"crm_id": "crm-7"})["propensity"]
    now = to_iso(SystemClock().now())
    rig.client.post("/v1/track", json=lead(now, 0, "Lead Updated"))
    rig.work()
    assert score(rig, lead={"crm_id": "crm-7"})["propensity"] < before
    week_ago = to_iso(SystemClock().now() - 7 * DAY)
    assert score(rig, lead={"crm_id": "crm-7"}, as_of=week_ago)["propensity"] == before
