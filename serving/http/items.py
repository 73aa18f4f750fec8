"""Segment-shaped bodies → the items to be logged, one JSON object each."""

from __future__ import annotations

from typing import Any

import msgspec

from core.errors import BadRequest, Problem
from core.settings import Api
from serving.http.bodies import kind_of

KEY = "writeKey"
_INHERITED = ("sentAt", "integrations")
_SHOWN = 1_000
"""Characters of an oversize item that are kept, to recognise it by."""

_encode = msgspec.json.Encoder().encode
Item = dict[str, Any]


def single(message: Item, kind: str, limits: Api) -> bytes:
    """One call. Its path says what it is. BadRequest above the size of an event, as Segment."""
    item = {**message, "type": kind}
    item.pop(KEY, None)
    body = _encode(item)
    if len(body) > limits.max_event_bytes:
        raise BadRequest(f"the event has {len(body)} bytes; at most {limits.max_event_bytes}")
    return body


def split(message: Item, limits: Api) -> list[bytes]:
    """A batch's items, in order, each with what the batch says for all of them.

    A bad item refuses no batch: it is kept as it is, and becomes a failed event later. An oversize
    one is kept cut, as `{"oversize": why, …}`.
    """
    items = message.get("batch")
    if not isinstance(items, list):
        told = f"is {kind_of(items)}, not an array" if "batch" in message else "is missing"
        raise BadRequest("a batch needs its items", problems=[Problem("batch", told)])
    if len(items) > limits.max_batch:
        raise BadRequest(f"the batch has {len(items)} events; at most {limits.max_batch}")
    common = {name: message[name] for name in _INHERITED if message.get(name) is not None}
    context = message.get("context")
    if not isinstance(context, dict):
        context = {}
    return [_one(item, common, context, limits.max_event_bytes) for item in items]


def _one(item: Any, common: Item, context: Item, limit: int) -> bytes:
    if isinstance(item, dict):
        item = _inherit(item, common, context)
    body = _encode(item)
    return body if len(body) <= limit else _cut(item, body, limit)


def _inherit(item: Item, common: Item, context: Item) -> Item:
    """The item's own word stands above the batch's."""
    whole = {**common, **item}
    whole.pop(KEY, None)
    own = item.get("context")
    if context and (own is None or isinstance(own, dict)):
        whole["context"] = {**context, **(own or {})}
    return whole


def _cut(item: Any, body: bytes, limit: int) -> bytes:
    """What the worker turns into a failed event; enough is kept to find it at its sender."""
    cut: Item = {"oversize": f"has {len(body)} bytes; at most {limit}"}
    if isinstance(item, dict):
        for name in ("type", "messageId", "timestamp", "event"):
            if isinstance(value := item.get(name), str):
                cut[name] = value[:100]
    cut["begin"] = body[:_SHOWN].decode("utf-8", "replace")
    return _encode(cut)
