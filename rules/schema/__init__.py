"""JSON Schemas of the catalog's YAML files, for editors: completion and hints while one types.

They say what a file may look like. That groups are declared, texts name known facts, and rules can
hit at all is found by `leadline rules check`; what a schema refuses, `check` refuses too.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules.schema.conditions import definitions
from rules.schema.sheets import SHEETS

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest draft that editors know for YAML."""


def schemas() -> dict[str, dict[str, Any]]:
    """File name, such as `fit.json`, → schema of the YAML file of the same name."""
    return {
        f"{name}.json": {
            "$schema": _DRAFT,
            "title": f"{name}.yaml of a Leadline rule catalog",
            **sheet,
            "definitions": _used(sheet, definitions(routing=name in {"routing", "segments"})),
        }
        for name, sheet in SHEETS.items()
    }


def _used(sheet: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """The definitions that a sheet refers to, and those that these refer to."""
    waiting: list[Any] = [sheet]
    used: set[str] = set()
    while waiting:
        told = msgspec.json.encode(waiting.pop()).decode()
        fresh = {name for name in known if f'"#/definitions/{name}"' in told} - used
        used |= fresh
        waiting.extend(known[name] for name in fresh)
    return {name: known[name] for name in known if name in used}


def schema_files() -> dict[str, str]:
    """File name → the schema as JSON text."""
    return {
        name: msgspec.json.format(msgspec.json.encode(schema), indent=1).decode() + "\n"
        for name, schema in schemas().items()
    }
