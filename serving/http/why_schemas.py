"""The shapes of explanations, as the OpenAPI document shows them."""

from __future__ import annotations

from serving.http.schemas import FLAG, MOMENT, NUMBER, TEXT, Schema, array, nullable, record, ref

_WHOLE: Schema = {"type": "integer"}
_VALUE: Schema = {"type": ["string", "number", "null"]}
_TRUTH: Schema = {"type": ["boolean", "null"]}
_PAIR: Schema = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
_STATES = ["hit", "miss", "missing", "asleep", "snoozed", "failed"]

_STEP: Schema = {
    "type": "object",
    "description": "A comparison (`fact`, `op`, `value`, `read`), or `all`, `any`, `not` of parts, "
    "or a named segment. `truth` is null where facts are missing.",
    "properties": {"truth": _TRUTH},
    "required": ["truth"],
}

WHY_SCHEMAS: dict[str, Schema] = {
    "Explanation": record(
        lead_id=TEXT,
        account_id=nullable(TEXT),
        as_of=MOMENT,
        rules_version=_WHOLE,
        model=nullable(record(name=TEXT, version=TEXT)),
        arm=nullable(TEXT),
        propensity=nullable(NUMBER),
        arithmetic=record(
            terms=array(record(name=TEXT, points=NUMBER, weight=NUMBER, effect=NUMBER)),
            sum=NUMBER,
            at_most=NUMBER,
            priority=NUMBER,
        ),
        priority=NUMBER,
        band={"enum": ["hot", "warm", "cold"]},
        band_before=nullable(TEXT),
        hot=_PAIR,
        warm=_PAIR,
        trace=record(
            fit_points=NUMBER,
            grade=TEXT,
            intent_points=NUMBER,
            negative_points=NUMBER,
            suppressed=FLAG,
            mqa=FLAG,
            route={"type": "object"},
            rules=array(ref("RuleTrace")),
        ),
        near=array(TEXT),
        notes=array(TEXT),
    ),
    "RuleTrace": record(
        id=TEXT,
        file=TEXT,
        line=_WHOLE,
        purpose=TEXT,
        state={"enum": _STATES},
        when=_STEP,
        text=TEXT,
        group=TEXT,
        points=NUMBER,
        left=nullable(NUMBER),
        added=NUMBER,
        optional=("text", "group", "points", "left", "added"),
    ),
    "WhyChanged": record(
        before=ref("LeadThen"),
        after=ref("LeadThen"),
        difference=NUMBER,
        causes=array(
            record(
                cause={"enum": ["time", "events", "profile", "rules", "model"]},
                share=NUMBER,
                facts=array(record(name=TEXT, before=_VALUE, after=_VALUE)),
                rules=array(record(id=TEXT, before=NUMBER, after=NUMBER)),
                events=array(record(name=TEXT, recorded_at=MOMENT, message_id=nullable(TEXT))),
                before=nullable(TEXT),
                after=nullable(TEXT),
            )
        ),
        notes=array(TEXT),
    ),
    "LeadThen": record(
        lead_id=TEXT,
        account_id=nullable(TEXT),
        as_of=MOMENT,
        priority=NUMBER,
        band=TEXT,
        propensity=nullable(NUMBER),
        rules_version=_WHOLE,
        model=nullable(TEXT),
    ),
}
