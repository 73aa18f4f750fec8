"""Which rules read which facts: so that nobody changes a feature without knowing whom it moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_FILLED = re.compile(r"{(\w+)}")


def facts_used(files: Mapping[str, str]) -> dict[str, list[str]]:
    """Fact → ids of the rules whose condition or text reads it, of a catalog that loads."""
    used: dict[str, list[str]] = {}
    for text in files.values():
        for rule in _rules(yaml.safe_load(text)):
            facts = {*_conditions(rule), *_FILLED.findall(str(rule.get("text", "")))}
            for fact in sorted(facts):
                used.setdefault(fact, []).append(str(rule["id"]))
    return used


def _rules(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "id" in node and "when" in node:
            yield node
        else:
            for inner in node.values():
                yield from _rules(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _rules(inner)


def _conditions(rule: dict[str, Any]) -> Iterator[str]:
    waiting = [rule["when"]]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("fact"), str):
                yield node["fact"]
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
