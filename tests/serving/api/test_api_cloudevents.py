"""CloudEvents in: all three modes become the events that everything else speaks."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
EVENT = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "FormSubmitted"}


def sent_since(rig: Any, offset: int) -> list[Any]:
    return [json.loads(raw.body) for raw in rig.logged_since(offset)]


@pytest.fixture
def before(rig: Any) -> int:
    return int(rig.log.last_offset())


def test_binary_and_structured_mode_mean_the_same(rig: Any, before: int) -> None:
    """As the reference package writes them."""
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    attributes = {**EVENT, "userid": "u-1", "time": moment, "datacontenttype": "application/json"}
    event = CloudEvent(attributes, {"form": "demo"})
    for sent in (to_binary(event, JSONFormat()), to_structured(event, JSONFormat())):
        answer = rig.pages.post("/v1/events", content=sent.body, headers=sent.headers)
        assert answer.status_code == 200, answer.text
    first, second = sent_since(rig, before)
    assert first == second
    assert first["type"] == "track"
    assert first["event"] == "FormSubmitted"
    assert first["messageId"] == "/shop#7"
    assert first["timestamp"].startswith("2026-01-02T03:04:05")
    assert first["userId"] == "u-1"
    assert first["properties"] == {"form": "demo"}


def test_a_batch_keeps_its_order_and_whom_each_is_about(rig: Any, before: int) -> None:
    """The person stands in an extension, in the data, or is the subject."""
    data = base64.b64encode(b'{"anonymousId": "a-2"}').decode()
    batch = [
        {**EVENT, "subject": "u-3"},
        {**EVENT, "data_base64": data},
        {**EVENT, "anonymousid": "a-4", "data": {"userId": "u-4"}},
    ]
    answer = rig.pages.post("/v1/events", content=json.dumps(batch), headers=BATCH)
    assert answer.status_code == 200
    first, second, third = sent_since(rig, before)
    assert first["userId"] == "u-3"
    assert second["anonymousId"] == "a-2"
    assert (third["userId"], third["anonymousId"]) == ("u-4", "a-4")


def test_one_event_keeps_one_message_id_whatever_its_length(rig: Any, before: int) -> None:
    """Duplicates are found by it, and two events never share one."""
    long = {**EVENT, "source": "/" + "s" * 200}
    batch = [long, long, {**long, "id": "8"}]
    rig.pages.post("/v1/events", content=json.dumps(batch), headers=BATCH)
    first, second, third = (item["messageId"] for item in sent_since(rig, before))
    assert first == second != third
    assert len(first) <= 100


BROKEN: dict[str, tuple[Any, set[str]]] = {
    "no object": (7, {""}),
    "nothing": ({}, {"specversion", "id", "source", "type"}),
    "other version": ({**EVENT, "specversion": "0.3"}, {"specversion"}),
    "wrong types": ({**EVENT, "id": 7, "time": 8, "subject": []}, {"id", "time", "subject"}),
    "both data": ({**EVENT, "data": {}, "data_base64": "e30="}, {"data"}),
    "no base64": ({**EVENT, "data_base64": "%"}, {"data_base64"}),
    "base64 of no JSON": ({**EVENT, "data_base64": "aGk="}, {"data_base64"}),
    "base64 of a number": ({**EVENT, "data_base64": 7}, {"data_base64"}),
    "data is a text": ({**EVENT, "data": "x"}, {"data"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_ones_are_refused_with_every_problem(
    rig: Any, before: int, problem_of: Any, name: str
) -> None:
    """A CloudEvent without its required attributes is none."""
    event, paths = BROKEN[name]
    told = problem_of(
        rig.pages.post("/v1/events", content=json.dumps(event), headers=STRUCTURED), 400
    )
    assert {one["path"] for one in told["problems"]} == paths
    assert sent_since(rig, before) == []


def test_a_batch_names_the_place_of_each_problem(rig: Any, before: int, problem_of: Any) -> None:
    """All or none: nothing of a broken batch is accepted."""
    batch = [EVENT, {**EVENT, "id": ""}, 5]
    told = problem_of(rig.pages.post("/v1/events", content=json.dumps(batch), headers=BATCH), 400)
    assert [one["path"] for one in told["problems"]] == ["[1].id", "[2]"]
    problem_of(rig.pages.post("/v1/events", content=b"{}", headers=BATCH), 400)
    assert sent_since(rig, before) == []


def test_a_binary_event_carries_json_or_nothing(rig: Any, before: int, problem_of: Any) -> None:
    """Data of another type could not be read by any rule."""
    headers = {f"ce-{name}": value for name, value in EVENT.items()}
    assert rig.pages.post("/v1/events", headers=headers).status_code == 200
    xml = {**headers, "content-type": "text/xml"}
    problem_of(rig.pages.post("/v1/events", headers=xml, content=b"<a/>"), 400)
    (only,) = sent_since(rig, before)
    assert only["properties"] == {}
