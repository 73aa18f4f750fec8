"""What all schemas share: names, dates, conditions, examples."""

from __future__ import annotations

from typing import Any

from rules.facts import LEAD_FACTS, MOMENT, ROUTE_FACTS, WORD
from rules.language.operators import IS_MISSING, LISTED, NAMES, OPERATORS

Schema = dict[str, Any]

_NUMBER: Schema = {"type": "number"}
_TEXT: Schema = {"type": "string", "minLength": 1}
_DATE: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def listed(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": items}


def mapping(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def definitions(*, routing: bool) -> Schema:
    """`routing`: with the facts that are known only after scoring."""
    facts = ROUTE_FACTS if routing else LEAD_FACTS
    return {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
        "text": {"type": "string", "minLength": 1, "maxLength": 200},
        "word": _TEXT,
        "date": _DATE,
        "duration": {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"},
        "list": mapping({"list": _TEXT}),
        "fact": {"enum": list(facts)},
        "condition": _condition(facts),
        "examples": mapping({"hit": listed(ref("example")), "miss": listed(ref("example"))}),
        "example": {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: _value_or_missing(kind) for name, kind in facts.items()},
        },
    }


def _value_or_missing(kind: str) -> Schema:
    return {"type": ["string" if kind in {WORD, MOMENT} else "number", "null"]}


def _condition(facts: dict[str, str]) -> Schema:
    """One of five forms. What a fact's operators and values are follows from its kind."""
    parts = listed(ref("condition"))
    properties: Schema = {
        "all": parts,
        "any": parts,
        "not": ref("condition"),
        "segment": _TEXT,
        "fact": ref("fact"),
        "op": {"enum": list(NAMES)},
        "value": {},
    }
    kinds = dict.fromkeys(facts.values())
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "oneOf": [
            *(
                {"required": [form], "maxProperties": 1}
                for form in ("all", "any", "not", "segment")
            ),
            {"required": ["fact", "op"]},
        ],
        "allOf": [
            *(_of_kind(kind, [name for name in facts if facts[name] == kind]) for kind in kinds),
            {
                "if": {"properties": {"op": {"const": IS_MISSING}}, "required": ["op"]},
                "then": {"properties": {"value": False}},
                "else": {"if": {"required": ["fact"]}, "then": {"required": ["value"]}},
            },
        ],
    }


def _of_kind(kind: str, names: list[str]) -> Schema:
    """The operators of a kind, and the values that each takes."""
    operators = [name for name, operator in OPERATORS.items() if kind in operator.kinds]
    return {
        "if": {"properties": {"fact": {"enum": names}}, "required": ["fact"]},
        "then": {
            "properties": {"op": {"enum": [*operators, IS_MISSING]}},
            "allOf": [
                {
                    "if": {"properties": {"op": {"const": name}}, "required": ["op"]},
                    "then": {"properties": {"value": _value(name, kind)}},
                }
                for name in operators
            ],
        },
    }


def _value(operator: str, kind: str) -> Schema:
    one = _TEXT if kind == WORD else _NUMBER
    if operator in {"before", "after"}:
        return ref("date")
    if operator == "between":
        return {"type": "array", "minItems": 2, "maxItems": 2, "items": _NUMBER}
    if operator in LISTED:
        forms = [ref("list"), listed(one)]
        return {"anyOf": [*forms, one] if operator == "domain" else forms}
    return one
