"""Typed values from nodes. A value that is wrong is noted with its line, and reading goes on."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable

from core.clock import from_iso
from core.errors import Problem
from rules.language.source import Node, Place

_DURATION = re.compile(r"([0-9]{1,9})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MOST_GUESSES = 100
MOST_TOLD = 200
"""Problems of one file."""
LONGEST = 400
"""Characters of a message: a word of a megabyte is not repeated."""
MOST_PATTERNS = 200
"""RE2 patterns in one file: each may take half a megabyte of memory."""
_LONGEST_WORD = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Controls, marks of direction and halves of characters: they make a word look like another."""

_UNPRINTED = re.compile(f"{_HIDDEN.pattern}|[\t\n]")
"""A message is printed to terminals: it is one line, and commands none."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean `x`?` with the closest known word, or nothing when none is close."""
    if len(word) > _LONGEST_WORD:
        return ""  # nobody meant this, and comparing it would take long
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


class Reader:
    """Reads one file. Each method gives the value, or None after noting what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[tuple[int, str]] = []
        self._guesses = MOST_GUESSES
        self._patterns = MOST_PATTERNS

    @property
    def problems(self) -> list[Problem]:
        """What was wrong so far, in the order of the lines; of a flood, the first."""
        found = sorted(self._found, key=lambda one: one[0])
        told = [Problem(f"{self.file}:{line}", message) for line, message in found[:MOST_TOLD]]
        more = len(found) - len(told)
        return [*told, Problem(self.file, f"and {more} problems more")] if more else told

    def problem(self, line: int, message: str) -> None:
        """`line` from 1; a `Place` tells its column too."""
        if isinstance(line, Place) and line.column:
            message = f"column `{line.column}`: {message}"
        told = message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
        self._found.append((line, _UNPRINTED.sub(_code, told)))

    def closest(self, word: str, known: Iterable[str]) -> str:
        """`did_you_mean`, a hundred times: a flood of nonsense must not cost minutes."""
        self._guesses -= 1
        return did_you_mean(word, known) if self._guesses >= 0 else ""

    def count(self) -> int:
        """How many problems were found so far."""
        return len(self._found)

    def fields(
        self, node: Node, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """A mapping with these keys. Unknown and missing keys are noted; what is right is kept."""
        if not isinstance(node.value, dict):
            self._wrong(node, f"{what} has to be a mapping with {_told(required + optional)}")
            return {}
        known = required + optional
        for key in node.value:
            if key not in known:
                close = self.closest(key, known) or f"; {what} has {_told(known)}"
                self.problem(node.key_lines[key], f"unknown key `{key}`{close}")
        for key in required:
            if key not in node.value:
                self.problem(node.line, f"{what} lacks `{key}`")
        return {key: value for key, value in node.value.items() if key in known}

    def entries(self, node: Node, what: str) -> dict[str, Node]:
        """A mapping whose keys are names of the author's choice."""
        if isinstance(node.value, dict) and node.value:
            return node.value
        self._wrong(node, f"{what} has to be a mapping of names, and not empty")
        return {}

    def items(self, node: Node, what: str) -> list[Node]:
        """A list with at least one item."""
        if isinstance(node.value, list) and node.value:
            return node.value
        self._wrong(node, f"{what} has to be a list, and not empty")
        return []

    def word(self, node: Node, what: str) -> str | None:
        if isinstance(node.value, str) and node.value.strip():
            hidden = _HIDDEN.search(node.value)
            if hidden is None:
                return node.value
            self.problem(
                node.line, f"{what} holds the invisible character U+{ord(hidden[0]):04X}: remove it"
            )
            return None
        self._wrong(node, f"{what} has to be a word (put it in quotes if it looks like more)")
        return None

    def name(self, node: Node, what: str) -> str | None:
        """Lower-case letters, digits and underscores, beginning with a letter, at most 64."""
        if isinstance(node.value, str) and _NAME.fullmatch(node.value):
            return node.value
        self._wrong(
            node, f"{what} has to be lower case letters, digits and underscores, such as `my_rule`"
        )
        return None

    def number(self, node: Node, what: str, low: float, high: float) -> float | None:
        value = node.value
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(node, f"{what} has to be a number from {low:g} to {high:g}")
        return None

    def whole(self, node: Node, what: str, low: int, high: int) -> int | None:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(node, f"{what} has to be a whole number from {low} to {high}")
        return None

    def duration(self, node: Node, what: str) -> int | None:
        """`30s`, `15m`, `24h`, `7d` → seconds."""
        match = _DURATION.fullmatch(node.value) if isinstance(node.value, str) else None
        if match:
            return int(match[1]) * _SECONDS[match[2]]
        self._wrong(node, f"{what} has to be a duration such as `30s`, `15m`, `24h` or `7d`")
        return None

    def date(self, node: Node, what: str) -> int | None:
        """`2026-05-01` → the microsecond at which that UTC day begins."""
        if isinstance(node.value, str) and _DATE.fullmatch(node.value):
            return self.moment(node, what)
        self._wrong(node, f"{what} has to be a date such as `2026-05-01`")
        return None

    def moment(self, node: Node, what: str) -> int | None:
        """A date, or a date and time in ISO 8601 → microseconds; no zone means UTC."""
        try:
            return from_iso(node.value if isinstance(node.value, str) else "")
        except (ValueError, OverflowError):
            self._wrong(node, f"{what} has to be a date such as `2026-05-01`, or one with a time")
        return None

    def may_compile(self, line: int) -> bool:
        """Counts one pattern; False, and a problem, once this file has too many."""
        self._patterns -= 1
        if self._patterns == -1:
            self.problem(line, f"one file has at most {MOST_PATTERNS} patterns: use `in` or lists")
        return self._patterns >= 0

    def _wrong(self, node: Node, message: str) -> None:
        """Notes the problem, with what was seen instead."""
        self.problem(node.line, f"{message}, not {_seen(node)}")


def _code(match: re.Match[str]) -> str:
    return f"<U+{ord(match[0]):04X}>"


def _seen(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    if isinstance(node.value, list):
        return "a list" if node.value else "an empty list"
    if node.value is None:
        return "nothing"
    told = json.dumps(node.value, ensure_ascii=False)
    return told if len(told) <= 60 else told[:57] + "…"


def _told(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)
