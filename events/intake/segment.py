"""Segment-shaped messages (track, page, screen, identify, group, alias) → `Event`."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from core.errors import Problem
from core.settings import Identity
from events.intake.identifiers import email_of, identifiers_of
from events.intake.timing import timing
from events.types import Event, RawEvent

NAMES = {
    "page": "page_viewed",
    "screen": "screen_viewed",
    "identify": "identified",
    "group": "grouped",
    "alias": "aliased",
}
KINDS = (*NAMES, "track")
LONGEST_NAME = 200
LONGEST_ID = 256

_WORDS = re.compile(r"[^0-9a-z]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_EMPTY: dict[str, Any] = {}


def read_segment(
    raw: RawEvent, message: dict[str, Any], identity: Identity
) -> Event | list[Problem]:
    """An event, or all that is wrong with the message (paths as in the message)."""
    problems: list[Problem] = []
    kind = _kind(message, problems)
    parts = {name: _object(message, name, problems) for name in ("context", "properties", "traits")}
    context, properties = parts["context"], parts["properties"]
    traits = {**_object(context, "traits", problems, "context."), **parts["traits"]}
    name = _name(kind, message, problems)
    group_id = _group(kind, message, context, problems)
    when = timing(raw, message, problems)
    email = email_of(name, traits, properties)
    identifiers = identifiers_of(message, context, email, identity, problems)
    if problems:
        return problems
    page = context.get("page")
    message_id = _text(message.get("messageId"))
    return Event(
        offset=raw.offset,
        message_id=message_id or f"offset:{raw.offset}",
        named=bool(message_id),
        door=raw.door,
        kind=kind,
        name=name,
        occurred_at=when.occurred_at,
        known_at=when.known_at,
        recorded_at=raw.recorded_at,
        identifiers=identifiers,
        email=email,
        group_id=group_id,
        path=_path(properties, page if isinstance(page, dict) else _EMPTY),
        session_id=_session(properties, context),
        ip=_text(context.get("ip")) or raw.ip,
        user_agent=_text(context.get("userAgent")) or raw.user_agent,
        properties=properties,
        traits=traits if kind != "group" else _EMPTY,
        company=parts["traits"] if kind == "group" else _EMPTY,
        clamped=when.clamped,
    )


def _kind(message: Mapping[str, Any], problems: list[Problem]) -> str:
    kind = message.get("type")
    told = kind.lower() if isinstance(kind, str) else kind
    if told in KINDS:
        return str(told)
    said = f"is {kind[:40]!r}" if isinstance(kind, str) else f"is {kind_of(kind)}"
    problems.append(Problem("type", f"{said}; use one of {', '.join(KINDS)}"))
    return ""


def kind_of(value: Any) -> str:
    """JSON's word for a value, as its sender would say it."""
    words = {type(None): "missing", bool: "true or false", str: "a text", list: "a list"}
    return words.get(type(value), "an object" if isinstance(value, dict) else "a number")


def _object(
    holder: Mapping[str, Any], name: str, problems: list[Problem], prefix: str = ""
) -> dict[str, Any]:
    value = holder.get(name)
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    problems.append(Problem(f"{prefix}{name}", f"is {kind_of(value)}, not an object"))
    return {}


def _name(kind: str, message: Mapping[str, Any], problems: list[Problem]) -> str:
    if kind != "track":
        return NAMES.get(kind, "")
    told = message.get("event")
    if not isinstance(told, str) or not told.strip():
        problems.append(Problem("event", "is missing; a track call names what happened"))
        return ""
    if len(told) > LONGEST_NAME:
        problems.append(Problem("event", f"is longer than {LONGEST_NAME} characters"))
        return ""
    return event_name(told)


@functools.lru_cache(maxsize=4096)
def event_name(told: str) -> str:
    """`Form Submitted`, `form-submitted` and `FormSubmitted` are one: `form_submitted`."""
    separated = told if _WORDS.search(told.lower()) else _CAMEL.sub("_", told)
    return _WORDS.sub("_", separated.lower()).strip("_") or told


def _group(
    kind: str, message: Mapping[str, Any], context: Mapping[str, Any], problems: list[Problem]
) -> str | None:
    told = _text(message.get("groupId") if kind == "group" else context.get("groupId"))
    if kind == "group" and not told:
        problems.append(Problem("groupId", "is missing; a group call names the company"))
    if told and len(told) > LONGEST_ID:
        problems.append(Problem("groupId", f"is longer than {LONGEST_ID} characters"))
    return told or None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _path(properties: Mapping[str, Any], page: Mapping[str, Any]) -> str:
    for holder in (properties, page):
        if isinstance(path := holder.get("path"), str) and path:
            return path
        if isinstance(url := holder.get("url"), str) and url:
            return _path_of(url)
    return ""


@functools.lru_cache(maxsize=4096)
def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return ""


def _session(properties: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    told = _text(properties.get("session_id")) or _text(context.get("sessionId"))
    return told or None
