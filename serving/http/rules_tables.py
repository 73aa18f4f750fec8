"""The routes of `/v1/rules`: reading takes a secret key, writing a scope of it besides."""

from __future__ import annotations

from typing import Any

from serving.http import rules, rules_drafts, rules_snoozes
from serving.http.routes import Endpoint, Route, parameter
from serving.http.rules_drafts import NAME
from serving.http.rules_schemas import WHOLE
from serving.http.schemas import TEXT, ref
from serving.keys import Scope
from serving.rule_stats import MOST_DAYS

_NUMBER = {"type": "string", "pattern": "^[0-9]{1,9}$"}
_PAGE = {"type": "integer", "minimum": 1, "maximum": 200}
_DAYS = {"type": "integer", "minimum": 1, "maximum": MOST_DAYS}
_DRAFT = parameter("path", "name", {**TEXT, "pattern": f"^{NAME}$"})
_PATH = "/v1/rules/drafts/{name}"


def _read(path: str, endpoint: Endpoint, summary: str, answer: str, **more: Any) -> Route:
    told = {"refusals": (400, 403, 404, 503), "tag": "Rules", **more}
    return Route("GET", path, endpoint, summary, answer=ref(answer), **told)


def _write(
    method: str, path: str, endpoint: Endpoint, summary: str, answer: str, **more: Any
) -> Route:
    told = {"refusals": (400, 403, 404, 408, 409, 413, 503), "tag": "Rules", **more}
    return Route(method, path, endpoint, summary, answer=ref(answer), **told)


_DRAFTS: tuple[Route, ...] = (
    _read("/v1/rules/drafts", rules_drafts.listed, "All drafts, without files.", "RuleDrafts"),
    _read(_PATH, rules_drafts.read, "A draft with its files.", "RuleDraft", parameters=(_DRAFT,)),
    _write(
        "PUT",
        _PATH,
        rules_drafts.write,
        "Write a draft as a whole; without files it begins as a copy of what is in force.",
        "RuleDraft",
        scope=Scope.RULES_DRAFT,
        body=ref("RuleDraftWrite"),
        parameters=(_DRAFT,),
    ),
    _write(
        "DELETE",
        _PATH,
        rules_drafts.drop,
        "Forget a draft.",
        "RuleDraftDropped",
        scope=Scope.RULES_DRAFT,
        parameters=(_DRAFT, parameter("query", "revision", WHOLE)),
    ),
    _write(
        "POST",
        f"{_PATH}/check",
        rules_drafts.check,
        "All that is wrong with a draft.",
        "RuleCheck",
        scope=Scope.RULES_DRAFT,
        parameters=(_DRAFT,),
    ),
    _write(
        "POST",
        f"{_PATH}/test",
        rules_drafts.test,
        "Run the examples of a draft.",
        "RuleTest",
        scope=Scope.RULES_DRAFT,
        parameters=(_DRAFT,),
    ),
    _write(
        "POST",
        f"{_PATH}/publish",
        rules_drafts.publish,
        "Put a draft in force: checked and tested, then in all processes within two seconds.",
        "RulePublished",
        scope=Scope.RULES_PUBLISH,
        body=ref("RulePublish"),
        parameters=(_DRAFT,),
    ),
)

_SNOOZES: tuple[Route, ...] = (
    _read("/v1/rules/snoozes", rules_snoozes.listed, "The snoozes that run.", "RuleSnoozes"),
    _write(
        "POST",
        "/v1/rules/snoozes",
        rules_snoozes.begin,
        "Pass a rule over for one account until a date.",
        "RuleSnooze",
        scope=Scope.RULES_PUBLISH,
        body=ref("RuleSnoozeBegin"),
    ),
    _write(
        "DELETE",
        "/v1/rules/snoozes/{snooze}",
        rules_snoozes.end,
        "Let the rule count again.",
        "RuleSnoozeEnded",
        scope=Scope.RULES_PUBLISH,
        parameters=(parameter("path", "snooze", _NUMBER),),
    ),
)

RULES: tuple[Route, ...] = (
    _read(
        "/v1/rules",
        rules.versions,
        "The rules in force, and what was published, newest first.",
        "RuleVersions",
        parameters=(parameter("query", "limit", _PAGE), parameter("query", "cursor", _NUMBER)),
    ),
    _read(
        "/v1/rules/versions/{version}",
        rules.version,
        "A version with its files and what it changed.",
        "RuleVersionFiles",
        parameters=(parameter("path", "version", _NUMBER),),
    ),
    _read(
        "/v1/rules/diff",
        rules.difference,
        "What differs between versions, or between one and a draft. Else the one in force.",
        "RuleDiff",
        parameters=(
            parameter("query", "from", _NUMBER),
            parameter("query", "to", _NUMBER),
            parameter("query", "draft", TEXT),
        ),
    ),
    _read(
        "/v1/rules/stats",
        rules.figures,
        "Hits per rule on live traffic, and the win rate of past leads that it hits.",
        "RuleStats",
        parameters=(parameter("query", "days", _DAYS),),
    ),
    _read("/v1/rules/schema", rules.schema, "A JSON Schema of each file.", "RuleSchemas"),
    _write(
        "POST",
        "/v1/rules/rollback",
        rules.rollback,
        "Put an earlier version in force again.",
        "RulePublished",
        scope=Scope.RULES_PUBLISH,
        body=ref("RuleRollback"),
    ),
    *_DRAFTS,
    *_SNOOZES,
)
