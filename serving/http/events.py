"""The doors for events. 200 says that they are on disk; nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from core.errors import BadRequest, LeadlineError
from events.intake.log import NewEvent
from events.types import Door
from serving.http.bodies import parse_object, read_body
from serving.http.cloudevents import read_cloudevents
from serving.http.credentials import admit, shown_key
from serving.http.items import KEY, single, split
from serving.http.pixel import GIF, read_pixel
from serving.http.routes import Endpoint
from serving.keys import ApiKey, KeyKind
from serving.parts import Parts

SOURCE = "segment"
"""What the items look like, whichever door they came in by."""

_SUCCESS = b'{"success":true}'
_encode = msgspec.json.Encoder().encode


def one(kind: str) -> Endpoint:
    """`/v1/track` and its siblings: the body is one message."""

    async def endpoint(parts: Parts, request: Request) -> Response:
        message = parse_object(await read_body(request, parts.settings.api.max_body_bytes))
        key = _admit(parts, request, message.get(KEY), KeyKind.WRITE)
        items = [single(message, kind, parts.settings.api)]
        return await _accept(parts, request, key, items, Door.LIVE)

    return endpoint


def many(door: Door) -> Endpoint:
    """`/v1/batch`, and `/v1/import` for history, which only a secret key may write."""
    least = KeyKind.SECRET if door is Door.IMPORT else KeyKind.WRITE

    async def endpoint(parts: Parts, request: Request) -> Response:
        message = parse_object(await read_body(request, parts.settings.api.max_body_bytes))
        key = _admit(parts, request, message.get(KEY), least)
        items = split(message, parts.settings.api)
        return await _accept(parts, request, key, items, door)

    return endpoint


async def cloudevents(parts: Parts, request: Request) -> Response:
    """CloudEvents in any of their three modes."""
    key = admit(parts.keys, shown_key(request), KeyKind.WRITE)
    body = await read_body(request, parts.settings.api.max_body_bytes)
    limits = parts.settings.api
    items = split({"batch": read_cloudevents(request.headers, body)}, limits)
    return await _accept(parts, request, key, items, Door.LIVE)


async def pixel(parts: Parts, request: Request) -> Response:
    """Always the image and 200: an email shows no error. What was wrong is counted."""
    try:
        message = read_pixel(request.query_params)
        key = _admit(parts, request, message.get(KEY), KeyKind.WRITE)
        kind = request.path_params["kind"]
        if kind not in ("identify", "group", "alias", "page", "screen", "track"):
            raise BadRequest(f"no pixel is called {kind[:40]!r}")
        await _accept(parts, request, key, [single(message, kind, parts.settings.api)], Door.LIVE)
    except LeadlineError:
        parts.metrics.pixels_refused.inc()
    headers = {"Cache-Control": "no-store"}
    return Response(GIF, media_type="image/gif", headers=headers)


async def projects(parts: Parts, request: Request) -> Response:
    """The settings that the browser SDK loads first: it then sends to this host."""
    key = request.path_params["write_key"]
    admit(parts.keys, key, KeyKind.WRITE)
    url = request.url
    here = {"apiKey": key, "apiHost": f"{url.netloc}/v1", "protocol": url.scheme}
    told = {
        "integrations": {"Segment.io": here},
        "plan": {"track": {"__default": {"enabled": True}}},
        "edgeFunction": {},
    }
    return Response(_encode(told), media_type="application/json")


def _admit(parts: Parts, request: Request, in_body: object, least: KeyKind) -> ApiKey:
    shown = shown_key(request) or (in_body if isinstance(in_body, str) else None)
    return admit(parts.keys, shown, least)


async def _accept(
    parts: Parts, request: Request, key: ApiKey, items: Sequence[bytes], door: Door
) -> Response:
    """Logs the items of one request together: all of them are kept, or none."""
    ip = request.client.host if request.client else ""
    agent = request.headers.get("user-agent", "")[:500]
    events = [NewEvent(door, SOURCE, key.id, ip, agent, item) for item in items]
    if events:
        await asyncio.wrap_future(parts.log.append(events))
        parts.metrics.accepted(door).inc(len(events))
    return Response(_SUCCESS, media_type="application/json")
