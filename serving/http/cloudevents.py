"""CloudEvents 1.0 over HTTP (binary, structured, batch) → Segment-shaped items.

An event becomes a `track` call: `type` its name, `data` its properties. Whom it is about stands in
the extensions `userid` and `anonymousid`, else in the fields `userId`, `anonymousId` of the data,
else in `subject` (as user id).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from core.crypto import sha256_hex
from core.errors import BadRequest, Problem
from serving.http.bodies import kind_of, parse

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
_REQUIRED = ("id", "source", "type")
_TEXTS = (*_REQUIRED, "specversion", "time", "subject", "datacontenttype", "dataschema")
_IDS = {"userid": "userId", "anonymousid": "anonymousId"}
_LONGEST_ID = 100

Item = dict[str, Any]


def read_cloudevents(headers: Mapping[str, str], body: bytes) -> list[Item]:
    """The items of a request, in order. BadRequest with all problems of all events."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == BATCH:
        told = parse(body)
        if not isinstance(told, list):
            raise BadRequest(f"a batch of CloudEvents is an array, not {kind_of(told)}")
        return _read_all([(f"[{at}]", one) for at, one in enumerate(told)])
    if media == STRUCTURED:
        return _read_all([("", parse(body))])
    return _read_all([("", _binary(headers, media, body))])


def _binary(headers: Mapping[str, str], media: str, body: bytes) -> Item:
    """Attributes from the `ce-` headers, percent-decoded; the body is the data."""
    event: Item = {
        name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    if media and media != "application/json" and not media.endswith("+json"):
        raise BadRequest(f"data of type {media[:80]!r} cannot be read", do="send JSON")
    if body:
        event["data"] = parse(body)
    return event


def _read_all(events: list[tuple[str, Any]]) -> list[Item]:
    problems: list[Problem] = []
    items = [_item(event, where, problems) for where, event in events]
    if problems:
        raise BadRequest("these are no CloudEvents 1.0", problems=problems)
    return items


def _item(event: Any, where: str, problems: list[Problem]) -> Item:
    before = len(problems)
    if not isinstance(event, dict):
        problems.append(Problem(where, f"is {kind_of(event)}, not an object"))
        return {}
    at = f"{where}." if where else ""
    _check(event, at, problems)
    data = _payload(event, at, problems)
    if len(problems) > before:
        return {}
    item: Item = {"type": "track", "event": event["type"], "messageId": _message_id(event)}
    item["properties"] = data
    if "time" in event:
        item["timestamp"] = event["time"]
    for name, field in _IDS.items():
        if person := event.get(name) or data.get(field):
            item[field] = person
    if not any(field in item for field in _IDS.values()) and event.get("subject"):
        item["userId"] = event["subject"]
    return item


def _check(event: Item, at: str, problems: list[Problem]) -> None:
    if event.get("specversion") != "1.0":
        problems.append(Problem(f"{at}specversion", "has to be 1.0"))
    missing = [name for name in _REQUIRED if not event.get(name)]
    problems.extend(Problem(f"{at}{name}", "is missing") for name in missing)
    problems.extend(
        Problem(f"{at}{name}", f"is {kind_of(event[name])}, not a text")
        for name in _TEXTS
        if name in event and not isinstance(event[name], str) and name not in missing
    )


def _payload(event: Item, at: str, problems: list[Problem]) -> Item:
    if "data" in event and "data_base64" in event:
        problems.append(Problem(f"{at}data", "stands beside data_base64; only one may"))
        return {}
    data = event.get("data")
    if "data_base64" in event:
        try:
            data = parse(base64.b64decode(event["data_base64"], validate=True))
        except (binascii.Error, TypeError, ValueError, BadRequest):
            problems.append(Problem(f"{at}data_base64", "is no base64 of JSON"))
            return {}
    if data is None:
        return {}
    if not isinstance(data, dict):
        problems.append(Problem(f"{at}data", f"is {kind_of(data)}, not an object"))
        return {}
    return data


def _message_id(event: Item) -> str:
    """`source` and `id` together name an event once in the world."""
    name = f"{event['source']}#{event['id']}"
    return name if len(name) <= _LONGEST_ID else sha256_hex(name)
