"""The forms of the catalog's files, one each."""

from __future__ import annotations

from rules.facts import DESTINATION_KINDS, SIGNALS
from rules.schema.conditions import Schema, listed, mapping, ref

_PERCENT: Schema = {"type": "number", "minimum": 0, "maximum": 100}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_COMMON: Schema = {
    "id": ref("name"), "text": ref("text"), "when": ref("condition"), "examples": ref("examples"),
}  # fmt: skip
_DATES: Schema = {"from": ref("date"), "until": ref("date")}
_MORE: Schema = {"owner": ref("word"), **_DATES}
_VERDICTS = listed(mapping(_COMMON, _MORE))


def _points(sign: int) -> Schema:
    return {"type": "integer", "minimum": min(sign, sign * 100), "maximum": max(sign, sign * 100)}


def _groups(sign: int) -> Schema:
    return {"type": "object", "minProperties": 1, "additionalProperties": _points(sign)}


def _scored(sign: int) -> Schema:
    decay = mapping({"fact": ref("fact"), "half_life": ref("duration")})
    points = {"group": ref("word"), "points": _points(sign)}
    return listed(mapping({**_COMMON, **points}, {**_MORE, "decay": decay}))


def _owner() -> Schema:
    whole = {"type": "integer", "minimum": 1}
    member = mapping(
        {"name": ref("word")}, {"weight": {**whole, "maximum": 100}, "capacity": whole}
    )
    pool = mapping(
        {"round_robin": listed({"anyOf": [ref("word"), member]}), "else": ref("word")},
        {"per": ref("duration")},
    )
    known = mapping({"fact": ref("fact"), "else": {"anyOf": [ref("word"), pool]}})
    return {"anyOf": [ref("word"), pool, known]}


def _routing() -> Schema:
    kinds = "|".join(DESTINATION_KINDS)
    place = {"type": "string", "pattern": rf"^(console|({kinds}):\S+)$"}
    target = {
        "owner": _owner(), "destinations": listed(place), "respond_within": ref("duration"),
    }  # fmt: skip
    rule = mapping({**_COMMON, **target}, {"kept_by": ref("word"), **_DATES})
    default = mapping({"id": ref("name"), **target})
    return mapping({"default": default}, {"rules": listed(rule)})


def _priority() -> Schema:
    band = mapping({"enter": _PERCENT, "leave": _PERCENT})
    return mapping(
        {
            "weights": mapping(dict.fromkeys(("fit", "intent", "propensity", "negative"), _SHARE)),
            "propensity": listed(mapping({"chance": _SHARE, "worth": _PERCENT})),
            "suppressed_at_most": _PERCENT,
            "bands": mapping({"hot": band, "warm": band}),
            "cooldowns": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": dict.fromkeys(SIGNALS, ref("duration")),
            },
        }
    )


def _segments() -> Schema:
    items = {"anyOf": [listed(ref("word")), listed({"type": "number"})]}
    named: Schema = {"type": "object", "minProperties": 1, "propertyNames": ref("name")}
    return mapping(
        {},
        {
            "lists": {**named, "additionalProperties": items},
            "segments": {**named, "additionalProperties": ref("condition")},
        },
    )


# `rules`, `suppress` and `mqa` are optional: a decision table beside the file may hold them all.
SHEETS: dict[str, Schema] = {
    "fit": mapping(
        {"grades": mapping(dict.fromkeys("ABC", _PERCENT)), "groups": _groups(1)},
        {"rules": _scored(1)},
    ),
    "intent": mapping({"groups": _groups(1)}, {"rules": _scored(1)}),
    "negative": mapping({"groups": _groups(-1)}, {"rules": _scored(-1), "suppress": _VERDICTS}),
    "account": mapping({}, {"mqa": _VERDICTS}),
    "priority": _priority(),
    "routing": _routing(),
    "segments": _segments(),
}
