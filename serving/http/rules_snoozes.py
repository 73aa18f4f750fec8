"""Snoozes over HTTP: a rule passed over for one account, until a date."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from rules.life import snoozes
from serving.http.answers import in_thread, json_answer
from serving.http.bodies import parse_object, read_body
from serving.http.fields import Fields
from serving.http.routes import key_of
from serving.http.rules import LONGEST_NOTE, author_of, path_number
from serving.parts import Parts
from serving.snoozing import named

LONGEST = 256


async def listed(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    found = await in_thread(parts, snoozes.running, parts.engine, parts.clock.now())
    return json_answer({"snoozes": [snoozes.told(one) for one in found]})


async def begin(parts: Parts, request: Request) -> Response:
    body = parse_object(await read_body(request, parts.settings.api.max_body_bytes))
    fields = Fields(body, ("rule", "account", "until", "author", "note"))
    told = [fields.text(name, LONGEST) for name in ("rule", "account", "until")]
    author, note = author_of(request, fields), fields.text("note", LONGEST_NOTE, "")
    fields.settle()

    def save() -> dict[str, Any]:
        account_id, end = named(parts.engine, *told)
        now = parts.clock.now()
        made = snoozes.add(parts.engine, told[0], account_id, end, author, note, now)
        return snoozes.told(made)

    return json_answer(await in_thread(parts, save))


async def end(parts: Parts, request: Request) -> Response:
    """Before its date. Its number stands in the list."""
    number = path_number(request, "snooze")
    by = f"key {key_of(request).id}"
    await in_thread(parts, snoozes.end_number, parts.engine, number, by, parts.clock.now())
    return json_answer({"ended": number})
