"""The rules in force and before: versions, differences, rollback, figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from core.errors import BadRequest, DefinitionError, NotFound, Problem, WorkError
from rules import life
from rules.life.drafts import read_draft
from rules.life.telling import lines
from rules.life.versions import told
from rules.schema import schemas
from serving.http.answers import in_thread, json_answer, limit_of
from serving.http.bodies import parse_object, read_body
from serving.http.fields import Fields
from serving.http.routes import key_of
from serving.parts import Parts
from serving.rule_stats import MOST_DAYS, stats

LONGEST_AUTHOR = 100
LONGEST_NOTE = 1_000
_MOST_VERSIONS = 200


async def versions(parts: Parts, request: Request) -> Response:
    """The version in force, and a page of all, newest first."""
    limit = limit_of(request, 20, _MOST_VERSIONS)
    cursor = _number(request.query_params.get("cursor"), "cursor")

    def read() -> dict[str, Any]:
        found = life.history(parts.engine, limit + 1, cursor)
        live = life.live_version(parts.engine)
        page = [_listed(version) for version in found[:limit]]
        more = str(found[limit - 1].number) if len(found) > limit else None
        in_force = _listed(life.read_version(parts.engine, live)) if live else None
        return {"live": in_force, "versions": page, "next": more}

    return json_answer(await in_thread(parts, read))


async def version(parts: Parts, request: Request) -> Response:
    """One version with its files and what it changed."""
    number = path_number(request, "version")

    def read() -> dict[str, Any]:
        about = told(life.read_version(parts.engine, number))
        return {**about, "files": life.version_files(parts.engine, number)}

    return json_answer(await in_thread(parts, read))


async def difference(parts: Parts, request: Request) -> Response:
    """From one version to another, or to a draft; what is not named is the version in force."""
    query = request.query_params
    before, after = _number(query.get("from"), "from"), _number(query.get("to"), "to")
    draft = query.get("draft")
    if draft is not None and after is not None:
        _refuse("draft", "and `to` both say what to compare with; give one of them")

    def read() -> dict[str, Any]:
        live = life.live_version(parts.engine)
        old = life.version_files(parts.engine, live if before is None else before)
        if draft is not None:
            new = read_draft(parts.engine, draft).files
        else:
            new = life.version_files(parts.engine, live if after is None else after)
        found = life.diff(old, new)
        return {"summary": found.summary(), **msgspec.to_builtins(found), "lines": lines(found)}

    return json_answer(await in_thread(parts, read))


async def rollback(parts: Parts, request: Request) -> Response:
    body = parse_object(await read_body(request, parts.settings.api.max_body_bytes))
    fields = Fields(body, ("to", "expected", "author", "note"))
    to, expected = fields.whole("to", least=1), fields.whole("expected")
    author, note = author_of(request, fields), fields.text("note", LONGEST_NOTE, "")
    fields.settle()

    def bring_back() -> life.Published:
        with refusing():
            return life.rollback(parts.engine, to, author, parts.clock.now(), note, expected)

    return json_answer(published(await in_thread(parts, bring_back)))


async def figures(parts: Parts, request: Request) -> Response:
    """Hits per rule, and the win rate of past leads where training has kept them."""
    days = _number(request.query_params.get("days"), "days")
    wanted = 30 if days is None else days
    if not 1 <= wanted <= MOST_DAYS:
        _refuse("days", f"has to be a whole number from 1 to {MOST_DAYS}")
    arguments = (parts.installation, parts.engine, None, parts.clock.now(), wanted)
    return json_answer(await in_thread(parts, stats, *arguments))


async def schema(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    """A JSON Schema of each file of a catalog, for editors."""
    return json_answer({"schemas": schemas()})


@contextmanager
def refusing() -> Iterator[None]:
    """What a command would end with is the caller's mistake here."""
    try:
        yield
    except (DefinitionError, WorkError) as wrong:
        raise BadRequest(wrong.detail, do=wrong.do, problems=wrong.problems) from wrong


def author_of(request: Request, fields: Fields) -> str:
    """Whom the body names, and always the key: nobody can sign with another's."""
    told_by = fields.text("author", LONGEST_AUTHOR, "")
    key = f"key {key_of(request).id}"
    return f"{told_by} ({key})" if told_by else key


def published(made: life.Published) -> dict[str, Any]:
    return {"version": made.version, "new": made.new}


def _listed(one: life.Version) -> dict[str, Any]:
    """Without the difference: its summary is enough for a list."""
    return {name: value for name, value in told(one).items() if name != "diff"}


def path_number(request: Request, name: str) -> int:
    value = request.path_params[name]
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise NotFound(f"{value[:40]!r} is no number of a {name}")
    return int(value)


def _number(value: str | None, name: str) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        _refuse(name, "has to be a whole number")
    return int(value)


def _refuse(name: str, message: str) -> NoReturn:
    raise BadRequest("the request is not understood", problems=[Problem(name, message)])
