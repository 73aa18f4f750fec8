"""The fields of a JSON object that somebody sent, read one by one; all that is wrong is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import BadRequest, Problem

MOST_TOLD = 20
_MOST = 10**9


class Fields:
    """Ask for each field, then `settle`: nothing may be done before it."""

    def __init__(self, message: Mapping[str, Any], known: tuple[str, ...]) -> None:
        self._message = message
        told = f"is not known here; known: {', '.join(known)}"
        self._problems = [Problem(name[:40], told) for name in message if name not in known]

    def text(self, name: str, most: int, default: str | None = None) -> str:
        """1 to `most` characters; needed unless there is a default, which may be empty."""
        value = self._message.get(name, default)
        if isinstance(value, str) and len(value) <= most and (value or default is not None):
            return value
        self._wrong(name, f"has to be a text of {0 if default is not None else 1}–{most} letters")
        return ""

    def whole(self, name: str, least: int = 0) -> int | None:
        """A whole number; None where none was sent."""
        value = self._message.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST:
            return value
        self._wrong(name, f"has to be a whole number of {least} or more")
        return None

    def texts(self, name: str, names: re.Pattern[str]) -> dict[str, str] | None:
        """An object of texts whose keys look like `names`; None where none was sent."""
        value = self._message.get(name)
        if value is None:
            return None
        if not isinstance(value, dict) or not value:
            self._wrong(name, "has to be an object of texts, and not empty")
            return None
        for key, one in value.items():
            if not names.fullmatch(key):
                self._wrong(f"{name}.{key[:40]}", "is no name of a file")
            elif not isinstance(one, str):
                self._wrong(f"{name}.{key}", "has to be a text")
        return dict(value)

    def settle(self) -> None:
        """BadRequest with all that was wrong, up to twenty."""
        if self._problems:
            raise BadRequest("the request is not understood", problems=self._problems[:MOST_TOLD])

    def _wrong(self, path: str, message: str) -> None:
        self._problems.append(Problem(path, message))
