"""The running draft, compiled once: what the worker asks for at each batch."""

from __future__ import annotations

import time
from typing import NamedTuple

import sqlalchemy as sa

from core.errors import DefinitionError
from rules import Rulebook, load_catalog
from signals.shadow.draft import Draft, files_of, running


class Shadow(NamedTuple):
    """`rulebook` is None for a draft that cannot be compiled: `refused` says why."""

    draft: Draft
    rulebook: Rulebook | None
    refused: str = ""


class Follower:
    """Asks the record at most each `poll_s` seconds; asked by one thread."""

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._looked_at = float("-inf")
        self._held: Shadow | None = None

    def now(self, record: sa.Connection) -> Shadow | None:
        """None while no draft shadows. Never raises for what a draft says."""
        if time.monotonic() - self._looked_at >= self._poll_s:
            draft = running(record)
            if draft is None or self._held is None or self._held.draft != draft:
                self._held = _compile(record, draft) if draft else None
            self._looked_at = time.monotonic()
        return self._held


def _compile(record: sa.Connection, draft: Draft) -> Shadow:
    try:
        return Shadow(draft, load_catalog(files_of(record, draft.id)))
    except DefinitionError as wrong:
        first = f": {wrong.problems[0]}" if wrong.problems else ""
        return Shadow(draft, None, f"{wrong.detail}{first}")
