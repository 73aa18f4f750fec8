"""JSON schemas of the public contract, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Any

from serving.score.asks import ACCOUNT_FIELDS, LEAD_FIELDS, LONGEST, MOST_LEADS, Explain

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
FLAG: Schema = {"type": "boolean"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def array(of: Schema, most: int | None = None) -> Schema:
    return {"type": "array", "items": of, **({"maxItems": most} if most else {})}


def record(*, optional: tuple[str, ...] = (), closed: bool = False, **fields: Schema) -> Schema:
    """An object; all its fields are required but the optional ones."""
    return record_of(fields, optional, closed)


def record_of(
    fields: dict[str, Schema], optional: tuple[str, ...] = (), closed: bool = False
) -> Schema:
    """The same from a mapping."""
    required = [name for name in fields if name not in optional]
    told: Schema = {"type": "object", "properties": fields, "required": required}
    return told | ({"additionalProperties": False} if closed else {})


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(fields: tuple[str, ...], about: str) -> Schema:
    told: Schema = {
        name: {"type": "string", "minLength": 1, "maxLength": LONGEST} for name in fields
    }
    if "email_sha256" in told:
        told["email_sha256"] = {"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}
    return {
        "type": "object",
        "description": about,
        "properties": told,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


EXPLAIN: Schema = {"type": "string", "enum": [one.value for one in Explain], "default": "short"}
AS_OF: Schema = {**MOMENT, "description": "A past moment: answers as it would have been then."}
PATIENCE: Schema = {
    "type": "integer",
    "minimum": 0,
    "maximum": 999_999_999,
    "description": "How long you wait, in milliseconds: no work is done for an answer after that.",
}
OBJECT: Schema = {"type": "object"}
KNOWN_TO: Schema = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "All events recorded by then are in the features; null when nobody could say.",
}

_MODEL = record(
    name=TEXT,
    version=TEXT,
    alias=TEXT,
    arm={"type": ["string", "null"]},
    weight={"type": "number", "minimum": 0, "maximum": 1, "description":
            "Of the trees in the propensity; rules say the rest, where few ends taught them."},
    evidence=nullable(record(won={"type": "integer"}, lost={"type": "integer"})),
)  # fmt: skip
_SCORE_FIELDS: dict[str, Schema] = {
    "lead_id": TEXT,
    "account_id": {"type": ["string", "null"]},
    "as_of": MOMENT,
    "propensity": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
    "fit": record(points=NUMBER, grade=TEXT),
    "intent": record(points=NUMBER),
    "negative": record(points=NUMBER, suppressed=FLAG, by=array(TEXT)),
    "priority": {"type": "number", "minimum": 0, "maximum": 100},
    "band": {"type": "string", "enum": ["hot", "warm", "cold"]},
    "reasons": array(
        record(kind={"type": "string", "enum": ["rule", "feature"]}, id=TEXT, text=TEXT,
               effect={**NUMBER, "description": "in points of the priority"})
    ),
    "model": nullable(_MODEL),
    "rules": record(version=TEXT, snoozed=array(TEXT), optional=("snoozed",)),
    "degraded": array(TEXT),
    "features_as_of": KNOWN_TO,
    "contributions": nullable({"type": "object", "additionalProperties": NUMBER}),
    "base": {"type": ["number", "null"]},
    "margin": {"type": ["number", "null"]},
    "calibrated_margin": {"type": ["number", "null"]},
    "rules_margin": {"type": ["number", "null"], "description": "Null where the weight is 1."},
    "experiment": record(id=TEXT, arm={"type": "string", "enum": ["champion", "challenger"]}),
}  # fmt: skip

SCHEMAS: dict[str, Schema] = {
    "Problem": record(
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        problems=array(record(path=TEXT, message=TEXT)),
        optional=("problems",),
    ),
    "Accepted": record(success={"type": "boolean", "const": True}),
    "Message": {
        "type": "object",
        "description": "A Segment message: userId or anonymousId, messageId, timestamp, …",
    },
    "Batch": record(
        batch=array({}),
        context={"description": "An object; stands for each item that has none of its own."},
        integrations={},
        sentAt={},
        writeKey={"description": "The key, where no header carries it."},
        optional=("context", "integrations", "sentAt", "writeKey"),
    ),
    "CloudEvent": record(
        specversion={"type": "string", "const": "1.0"},
        id={"type": "string", "minLength": 1},
        source={"type": "string", "minLength": 1},
        type={"type": "string", "minLength": 1},
        time=MOMENT,
        subject=TEXT,
        datacontenttype=TEXT,
        dataschema=TEXT,
        data=OBJECT,
        data_base64=TEXT,
        optional=("time", "subject", "datacontenttype", "dataschema", "data", "data_base64"),
    ),
    "Lead": _one_of(LEAD_FIELDS, "Exactly one identifier of a person."),
    "Account": _one_of(ACCOUNT_FIELDS, "Exactly one name of a company."),
    "ScoreRequest": record(
        lead=ref("Lead"), explain=EXPLAIN, as_of=AS_OF, optional=("explain", "as_of"), closed=True
    ),
    "ScoreBatchRequest": record(
        leads=array(ref("Lead"), MOST_LEADS),
        explain=EXPLAIN,
        as_of=AS_OF,
        optional=("explain", "as_of"),
        closed=True,
    ),
    "AccountScoreRequest": record(
        account=ref("Account"), explain=EXPLAIN, optional=("explain",), closed=True
    ),
    "Score": record_of(_SCORE_FIELDS, (
        "contributions", "base", "margin", "calibrated_margin", "rules_margin", "experiment",
    )),
    "NotFound": record(error={"type": "string", "const": "not_found"}),
    "ScoreBatch": record(results=array({"anyOf": [ref("Score"), ref("NotFound")]})),
    "AccountScore": record(
        account_id=TEXT,
        as_of=MOMENT,
        priority=NUMBER,
        band=TEXT,
        propensity={"type": ["number", "null"], "minimum": 0, "maximum": 1, "description":
                    "That at least one of its people is won, who are not suppressed."},
        model=nullable(_MODEL),
        mqa=FLAG,
        score=nullable(ref("Score")),
        people=array(record(lead_id=TEXT, priority=NUMBER, band=TEXT,
                            propensity={"type": ["number", "null"]})),
        people_total={"type": "integer"},
        degraded=array(TEXT),
        features_as_of=KNOWN_TO,
    ),
    "LeadProfile": record(
        lead_id=TEXT,
        account_id={"type": ["string", "null"]},
        merged_into={"type": ["string", "null"]},
        person=OBJECT,
        company=OBJECT,
        identifiers=array(OBJECT),
        last_events=array(OBJECT),
    ),
    "Features": record(
        lead_id=TEXT,
        account_id={"type": ["string", "null"]},
        as_of=MOMENT,
        features=OBJECT,
        capped={**array(TEXT), "description":
                "Of what more was seen than is kept apart: `sessions` (64 a lead), "
                "`account_active_people` (512). Features that count them are lower bounds."},
    ),
    "AccountProfile": record(
        account_id=TEXT, names=array(TEXT), company=OBJECT, people=array(TEXT)
    ),
    "Signals": record(signals=array(OBJECT), next={"type": ["string", "null"]}),
    "Events": record(events=array(OBJECT)),
    "Health": record(
        status=TEXT,
        log=OBJECT,
        worker=OBJECT,
        release=OBJECT,
        degraded=array(TEXT),
        registry=TEXT,
    ),
    "Status": record(
        status=TEXT, degraded=array(TEXT), detail=TEXT, optional=("degraded", "detail")
    ),
}  # fmt: skip
