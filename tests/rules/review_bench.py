"""What the tests of the review share: the shipped catalog with one rule more, and what is told."""

from __future__ import annotations

from core.clock import from_iso
from rules import load_catalog, read_catalog
from rules.review import problems as find_problems
from rules.review import warnings

FILES = read_catalog()
BOOK = load_catalog(FILES)
NOW = from_iso("2026-05-01")


def with_rule(when: str, more: str = "") -> dict[str, str]:
    rule = f"""
  - id: it
    group: company
    points: 1
    text: It
    {more}
    when: {when}
    examples: {{hit: [{{}}], miss: [{{}}]}}
"""
    return {**FILES, "fit.yaml": FILES["fit.yaml"] + rule}


def found(files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Problems and warnings that the shipped catalog has not."""
    book, shipped = load_catalog(files), load_catalog(FILES)
    known = {*find_problems(shipped), *warnings(shipped, NOW)}
    return (
        [str(one) for one in find_problems(book) if one not in known],
        [str(one) for one in warnings(book, NOW) if one not in known],
    )


def asked(*said: str) -> str:
    """`region is UK` → a comparison, `not …` its opposite, several of them → all of them."""
    made = []
    for one in said:
        fact, op, *value = one.removeprefix("not ").split(" ", 2)
        given = f", value: {value[0]}" if value else ""
        comparison = f"{{fact: {fact}, op: {op}{given}}}"
        made.append(f"{{not: {comparison}}}" if one.startswith("not ") else comparison)
    return made[0] if len(made) == 1 else f"{{all: [{', '.join(made)}]}}"


def either(*parts: str) -> str:
    return f"{{any: [{', '.join(parts)}]}}"
