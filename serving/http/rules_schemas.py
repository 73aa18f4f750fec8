"""JSON schemas of `/v1/rules`, as the OpenAPI document shows them."""

from __future__ import annotations

from serving.http.rules import LONGEST_AUTHOR, LONGEST_NOTE
from serving.http.rules_drafts import FILE
from serving.http.rules_snoozes import LONGEST
from serving.http.schemas import (
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Schema,
    array,
    nullable,
    record,
    record_of,
    ref,
)

WHOLE: Schema = {"type": "integer", "minimum": 0, "maximum": 10**9}
COUNT: Schema = {"type": "integer", "minimum": 0}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST}
AUTHOR: Schema = {
    "type": "string",
    "maxLength": LONGEST_AUTHOR,
    "description": "Who edits; the key is named beside it.",
}
NOTE: Schema = {"type": "string", "maxLength": LONGEST_NOTE}
FILES: Schema = {
    "type": "object",
    "description": "File name → text.",
    "propertyNames": {"pattern": f"^{FILE}$"},
    "additionalProperties": TEXT,
    "minProperties": 1,
}
REVISION: Schema = {
    **WHOLE,
    "description": "The one that was read: refused when somebody wrote meanwhile. 0 begins anew.",
}
EXPECTED: Schema = {
    **WHOLE,
    "description": "The version that the edit began from: refused when another is in force.",
}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_MAYBE_NUMBER: Schema = {"type": ["integer", "null"]}
_RATE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}

_PROBLEMS = array(record(path=TEXT, message=TEXT))
_CHANGE = record(
    kind={"type": "string", "enum": ["added", "removed", "changed", "moved"]},
    what={"type": "string", "enum": ["rule", "setting", "file"]},
    file=TEXT,
    name=TEXT,
    line=_MAYBE_NUMBER,
    fields=array(record(name=TEXT, before=_MAYBE_TEXT, after=_MAYBE_TEXT)),
)
_DIFF = record(changes=array(_CHANGE), files=array(TEXT))
_LISTED: dict[str, Schema] = {
    "number": COUNT,
    "digest": TEXT,
    "author": TEXT,
    "note": TEXT,
    "published_at": MOMENT,
    "source": _MAYBE_TEXT,
    "parent": _MAYBE_NUMBER,
    "in_force": FLAG,
    "since": nullable(record(author=TEXT, at=MOMENT, reason=TEXT, again=FLAG)),
    "summary": _MAYBE_TEXT,
}
_DRAFT: dict[str, Schema] = {
    "name": TEXT,
    "base": COUNT,
    "revision": COUNT,
    "author": TEXT,
    "changed_at": MOMENT,
}
_ENDS = nullable(record(leads=COUNT, won=COUNT, win_rate=_RATE))

RULE_SCHEMAS: dict[str, Schema] = {
    "RuleVersion": record_of(_LISTED),
    "RuleVersions": record(
        live=nullable(ref("RuleVersion")), versions=array(ref("RuleVersion")), next=_MAYBE_TEXT
    ),
    "RuleVersionFiles": record_of({**_LISTED, "diff": nullable(_DIFF), "files": FILES}),
    "RuleDiff": record(summary=TEXT, changes=array(_CHANGE), files=array(TEXT), lines=array(TEXT)),
    "RuleDraft": record_of({**_DRAFT, "files": FILES}),
    "RuleDrafts": record(drafts=array(record_of(_DRAFT))),
    "RuleDraftWrite": record(
        files=FILES,
        revision=REVISION,
        author=AUTHOR,
        optional=("files", "revision", "author"),
        closed=True,
    ),
    "RuleDraftDropped": record(dropped=TEXT),
    "RuleCheck": record(
        ok=FLAG,
        rules=COUNT,
        digest=TEXT,
        problems=_PROBLEMS,
        warnings=_PROBLEMS,
        optional=("rules", "digest"),
    ),
    "RuleTest": record(ok=FLAG, examples=COUNT, problems=_PROBLEMS),
    "RulePublish": record(
        expected=EXPECTED,
        author=AUTHOR,
        note=NOTE,
        optional=("expected", "author", "note"),
        closed=True,
    ),
    "RulePublished": record(
        version=COUNT,
        new={**FLAG, "description": "False when this version was in force already."},
    ),
    "RuleRollback": record(
        to={**WHOLE, "minimum": 1, "description": "Else the version before."},
        expected=EXPECTED,
        author=AUTHOR,
        note=NOTE,
        optional=("to", "expected", "author", "note"),
        closed=True,
    ),
    "RuleStats": record(
        version=COUNT,
        days=COUNT,
        counted_from=_MAYBE_TEXT,
        past=_ENDS,
        rules=array(
            record(
                rule=TEXT,
                file=TEXT,
                line=COUNT,
                kept_by=_MAYBE_TEXT,
                evaluated=NUMBER,
                hits=NUMBER,
                hit_rate=_RATE,
                last_hit=_MAYBE_TEXT,
                dead=FLAG,
                past=_ENDS,
            )
        ),
    ),
    "RuleSchemas": record(
        schemas={**OBJECT, "description": "`fit.json`, say, → JSON Schema of `fit.yaml`."}
    ),
    "RuleSnooze": record(
        number=COUNT,
        rule=TEXT,
        account_id=TEXT,
        until=MOMENT,
        author=TEXT,
        note=TEXT,
        created_at=MOMENT,
    ),
    "RuleSnoozes": record(snoozes=array(ref("RuleSnooze"))),
    "RuleSnoozeBegin": record(
        rule=NAME,
        account={**NAME, "description": "Account id, domain or group id."},
        until={**NAME, "description": "ISO date (all of it, UTC) or date-time, within a year."},
        author=AUTHOR,
        note=NOTE,
        optional=("author", "note"),
        closed=True,
    ),
    "RuleSnoozeEnded": record(ended=COUNT),
}
