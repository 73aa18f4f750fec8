"""What the api keeps of its answers, and tells of their comparison."""

from __future__ import annotations

from core.database import reading
from core.settings import load_settings
from events.types import Identifier, IdentifierKind
from features.parity import compare
from features.served import newest_served
from serving.parts import Parts
from serving.score.asks import Ask, Explain
from tests.serving.api.conftest import Rig


def test_a_score_answer_is_kept_and_holds_against_the_lake(rig: Rig) -> None:
    """The whole way: event, worker, Redis, score, sample, Feast. Past moments are not kept."""
    page = {"path": "/pricing", "session_id": "s", "duration_s": 5}
    calls = [
        {"type": "page", "messageId": f"kept-{n}", "userId": "kept", "properties": page}
        for n in range(2)
    ]
    assert rig.client.post("/v1/batch", json={"batch": calls}).status_code == 200
    rig.work()
    parts = Parts(rig.installation, load_settings(None, features={"served_sample": 1.0}))
    who = (Identifier(IdentifierKind.USER_ID, "kept"),)
    [told] = parts.desk.score(Ask(who, Explain.NONE, None))
    parts.desk.score(Ask(who, Explain.NONE, parts.clock.now()))
    parts.close()

    with reading(rig.engine) as record:
        served = newest_served(record, 10)
    assert told is not None
    mine = [one for one in served if one.vector.lead_id == told["lead_id"]]
    assert [one.vector.values["pricing_views_7d"] for one in mine] == [2]
    found = compare(rig.installation, mine)
    assert found.mismatches == 0
    assert found.filled > 10


def test_metrics_tell_how_parity_stands(rig: Rig) -> None:
    """0 before the first comparison: an alert needs the name to be there from the start."""
    told = rig.client.get("/metrics").text
    assert "leadline_parity_compared_total 0.0" in told
    assert "leadline_parity_mismatches_total 0.0" in told
    assert "leadline_served_vectors_dropped_total 0.0" in told
