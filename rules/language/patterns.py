"""The operators that look into words, as RE2 patterns that ignore case.

One pattern serves wherever a condition runs, by row or by column, because both know RE2; so both
fold the case of every alphabet alike. RE2 never backtracks: a hostile pattern is refused here, or
runs in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from rules.language.reading import Reader
from rules.language.source import Node

_LONGEST_PATTERN = 500
_LONGEST_PART = 200
_MOST_MEMORY = 1 << 19
"""Bytes that one compiled pattern may take: RE2 refuses a larger one instead of swallowing it."""
_DOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


def _either(domains: tuple[str, ...]) -> str:
    return rf"(?i)(?:^|\.)(?:{'|'.join(re2.escape(one) for one in domains)})$"


PATTERNS: dict[str, Callable[[Any], str]] = {
    "contains": lambda said: f"(?i){re2.escape(said)}",
    "starts_with": lambda said: f"(?i)^{re2.escape(said)}",
    "matches": lambda said: f"(?i){said}",
    "domain": _either,
}
"""Operator → the pattern that its value stands for, to be found anywhere in the word."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """re2.error for what RE2 does not know, or what is too large for it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return re2.compile(pattern, options)


def read_pattern(reader: Reader, node: Node, _kind: str) -> str | None:
    """An RE2 pattern as its author wrote it."""
    pattern = reader.word(node, "the value of `matches`")
    if pattern is None:
        return None
    if len(pattern) > _LONGEST_PATTERN:
        reader.problem(node.line, f"a pattern is at most {_LONGEST_PATTERN} characters long")
        return None
    if not reader.may_compile(node.line):
        return None
    return pattern if _compiles(reader, node, "matches", pattern) else None


def read_part(reader: Reader, node: Node, _kind: str) -> str | None:
    """What a word may contain or start with."""
    part = reader.word(node, "the value of this fact")
    if part is not None and len(part) > _LONGEST_PART:
        reader.problem(node.line, f"such a value is at most {_LONGEST_PART} characters long")
        return None
    return part


def _compiles(reader: Reader, node: Node, operator: str, said: Any) -> bool:
    try:
        compiled(PATTERNS[operator](said))
    except re2.error as error:
        told = error.args[0] if error.args else error
        why = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        reader.problem(node.line, f"`{operator}` cannot use this pattern: {why}")
        return False
    return True


def read_domains(reader: Reader, node: Node, _kind: str) -> tuple[str, ...] | None:
    """One domain, or a list of them, as `competitor.com`: lower case, sorted, each once."""
    nodes = node.value if isinstance(node.value, list) and node.value else [node]
    domains = set()
    for one in nodes:
        said = reader.word(one, "the value of `domain`")
        if said is not None and _DOMAIN.fullmatch(said.lower()):
            domains.add(said.lower())
        elif said is not None:
            reader.problem(one.line, f"`{said}` is no domain: write it as `competitor.com`")
    told = tuple(sorted(domains))
    return told if told and _compiles(reader, node, "domain", told) else None
