"""Drafts of rules over HTTP: written, checked, tested, published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from core.clock import to_iso
from core.errors import DefinitionError, NotFound, Problem
from rules import catalog_digest, check_catalog, life, run_examples
from rules.life import drafts
from rules.life.drafts import Draft
from rules.review import warnings
from serving.http.answers import in_thread, json_answer
from serving.http.bodies import parse_object, read_body
from serving.http.fields import Fields
from serving.http.rules import LONGEST_NOTE, author_of, published, refusing
from serving.parts import Parts

MOST_BYTES = 2_000_000
"""Of a draft: all its files together, as JSON."""
NAME = "[a-z0-9][a-z0-9_-]{0,63}"
_NAME = re.compile(NAME)
FILE = r"[a-z][a-z0-9_]{0,40}\.(yaml|csv)"
_FILE = re.compile(FILE)


async def listed(parts: Parts, request: Request) -> Response:  # noqa: ARG001
    found = await in_thread(parts, drafts.list_drafts, parts.engine)
    return json_answer({"drafts": [_about(draft) for draft in found]})


async def read(parts: Parts, request: Request) -> Response:
    return json_answer(
        _told(await in_thread(parts, drafts.read_draft, parts.engine, _name(request)))
    )


async def write(parts: Parts, request: Request) -> Response:
    """As a whole. Without `files` a draft begins as a copy of what is in force."""
    name = _name(request)
    body = parse_object(await read_body(request, MOST_BYTES, factor=1))
    fields = Fields(body, ("files", "revision", "author"))
    files, revision = fields.texts("files", _FILE), fields.whole("revision")
    author = author_of(request, fields)
    fields.settle()

    def save() -> Draft:
        told = life.version_files(parts.engine, life.live_version(parts.engine))
        with refusing():
            return drafts.save_draft(
                parts.engine, name, files or told, revision, author, parts.clock.now()
            )

    return json_answer(_told(await in_thread(parts, save)))


async def drop(parts: Parts, request: Request) -> Response:
    fields = Fields(_whole(request.query_params), ("revision",))
    revision = fields.whole("revision")
    fields.settle()
    await in_thread(parts, drafts.drop_draft, parts.engine, _name(request), revision)
    return json_answer({"dropped": _name(request)})


async def check(parts: Parts, request: Request) -> Response:
    """All that is wrong with a draft; 200 whether or not something is."""
    return json_answer(await in_thread(parts, _check, parts, _name(request)))


async def test(parts: Parts, request: Request) -> Response:
    """Its examples; a draft that is wrong has none to run."""
    return json_answer(await in_thread(parts, _test, parts, _name(request)))


async def publish(parts: Parts, request: Request) -> Response:
    body = parse_object(await read_body(request, parts.settings.api.max_body_bytes))
    fields = Fields(body, ("expected", "author", "note"))
    expected, note = fields.whole("expected"), fields.text("note", LONGEST_NOTE, "")
    author = author_of(request, fields)
    fields.settle()

    def put_in_force() -> life.Published:
        with refusing():
            name, now = _name(request), parts.clock.now()
            return drafts.publish_draft(parts.engine, name, expected, author, note, now)

    return json_answer(published(await in_thread(parts, put_in_force)))


def _check(parts: Parts, name: str) -> dict[str, Any]:
    files = drafts.read_draft(parts.engine, name).files
    try:
        rulebook = check_catalog(files)
    except DefinitionError as wrong:
        return {"ok": False, "problems": _problems(wrong), "warnings": []}
    return {
        "ok": True,
        "rules": len(rulebook.rules()),
        "digest": catalog_digest(files),
        "problems": [],
        "warnings": warnings(rulebook, parts.clock.now()),
    }


def _test(parts: Parts, name: str) -> dict[str, Any]:
    try:
        rulebook = check_catalog(drafts.read_draft(parts.engine, name).files)
    except DefinitionError as wrong:
        return {"ok": False, "examples": 0, "problems": _problems(wrong)}
    tested = run_examples(rulebook)
    return {"ok": not tested.wrong, "examples": tested.examples, "problems": tested.wrong}


def _problems(wrong: DefinitionError) -> tuple[Problem, ...]:
    return wrong.problems or (Problem("", wrong.detail),)


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if not _NAME.fullmatch(name):
        raise NotFound(
            f"{name[:70]!r} is no name of a draft",
            do="use lower case letters, digits, - and _, at most 64",
        )
    return name


def _whole(query: Mapping[str, str]) -> dict[str, Any]:
    """A query's numbers as numbers; what is none is refused by its reader."""
    return {
        name: int(value) if value.isascii() and value.isdigit() and len(value) < 10 else value
        for name, value in query.items()
    }


def _about(draft: Draft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "base": draft.base,
        "revision": draft.revision,
        "author": draft.author,
        "changed_at": to_iso(draft.changed_at),
    }


def _told(draft: Draft) -> dict[str, Any]:
    return {**_about(draft), "files": draft.files}
