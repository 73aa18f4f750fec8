"""Every route of the api, in the order in which the document shows them."""

from __future__ import annotations

from typing import Any

from events.types import Door
from serving.http import events, operations, reading, scores, stream, whys
from serving.http.routes import Route
from serving.http.routes import parameter as _in
from serving.http.rules_tables import RULES
from serving.http.schemas import AS_OF, EXPLAIN, MOMENT, NUMBER, PATIENCE, TEXT, ref
from serving.score.asks import LEAD_FIELDS

KINDS = ("track", "page", "screen", "identify", "group", "alias")
SHORT = {"t": "track", "p": "page", "s": "screen", "i": "identify", "g": "group", "a": "alias"}
EXAMPLES: dict[str, Any] = {
    "track": {"anonymousId": "v-1", "event": "Form Submitted", "properties": {"form": "demo"}},
    "page": {"anonymousId": "v-1", "properties": {"path": "/pricing"}},
    "screen": {"anonymousId": "v-1", "name": "Pricing"},
    "identify": {"anonymousId": "v-1", "userId": "u-1", "traits": {"email": "vp@acme.com"}},
    "group": {"userId": "u-1", "groupId": "acme", "traits": {"domain": "acme.com"}},
    "alias": {"previousId": "v-1", "userId": "u-1"},
}
_POSTED = (400, 403, 408, 413, 503)


def _post(path: str, endpoint: Any, summary: str, **more: Any) -> Route:
    """A door for events: it looks at the key itself, which may stand in the body."""
    told = {"body": ref("Batch"), "answer": ref("Accepted"), "cors": True, **more}
    return Route("POST", path, endpoint, summary, None, tag="Events", refusals=_POSTED, **told)


def _limit(most: int) -> dict[str, Any]:
    return {**NUMBER, "type": "integer", "minimum": 1, "maximum": most}


EVENTS: tuple[Route, ...] = (
    *(
        _post(
            f"/v1/{kind}",
            events.one(kind),
            f"Send one {kind} call.",
            body=ref("Message"),
            example=EXAMPLES[kind],
        )
        for kind in KINDS
    ),
    _post(
        "/v1/batch",
        events.many(Door.LIVE),
        "Send up to 2,500 calls.",
        example={"batch": [{"type": "page", **EXAMPLES["page"]}]},
    ),
    _post(
        "/v1/import",
        events.many(Door.IMPORT),
        "Send history: builds features and outcomes, never a signal. Needs a secret key.",
        cors=False,
    ),
    *(
        _post(f"/v1/{short}", events.one(kind), f"The browser SDK's {kind}.", shown=False)
        for short, kind in SHORT.items()
    ),
    _post("/v1/b", events.many(Door.LIVE), "The browser SDK's batch.", shown=False),
    _post(
        "/v1/events",
        events.cloudevents,
        "Send CloudEvents 1.0: binary, structured or batch.",
        body=ref("CloudEvent"),
        body_type="application/cloudevents+json",
    ),
    Route(
        "GET",
        "/v1/pixel/{kind}",
        events.pixel,
        "An event in an image's query; always answers the image.",
        None,
        tag="Events",
        answer_type="image/gif",
        answer={"type": "string", "format": "binary"},
        parameters=(
            _in("path", "kind", {"type": "string", "enum": [*KINDS]}),
            _in("query", "data", {**TEXT, "description": "base64 of the message as JSON"}),
        ),
        refusals=(),
        cors=True,
    ),
    Route(
        "GET",
        "/v1/projects/{write_key}/settings",
        events.projects,
        "What the browser SDK loads first.",
        None,
        tag="Events",
        answer={"type": "object"},
        parameters=(_in("path", "write_key", TEXT),),
        refusals=(403,),
        cors=True,
    ),
)

_PATIENCE = _in("header", "X-Request-Timeout-Ms", PATIENCE)
SCORES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1/score",
        scores.score,
        "Score a lead.",
        body=ref("ScoreRequest"),
        example={"lead": {"email": "vp@acme.com"}, "explain": "short"},
        answer=ref("Score"),
        parameters=(_PATIENCE,),
        refusals=(400, 403, 404, 408, 413, 415, 503, 504),
        tag="Scores",
    ),
    Route(
        "GET",
        "/v1/score",
        scores.score_query,
        "Score a lead, for lightweight clients. Exactly one identifier.",
        answer=ref("Score"),
        parameters=(
            *(_in("query", name, TEXT) for name in LEAD_FIELDS),
            _in("query", "explain", EXPLAIN),
            _in("query", "as_of", AS_OF),
            _PATIENCE,
        ),
        refusals=(400, 403, 404, 503, 504),
        tag="Scores",
    ),
    Route(
        "POST",
        "/v1/score/batch",
        scores.score_batch,
        "Score up to 1,000 leads; an unknown one is an error in its place.",
        body=ref("ScoreBatchRequest"),
        example={"leads": [{"email": "vp@acme.com"}, {"user_id": "u-1"}], "explain": "none"},
        answer=ref("ScoreBatch"),
        parameters=(_PATIENCE,),
        refusals=(400, 403, 408, 413, 415, 503, 504),
        tag="Scores",
    ),
    Route(
        "POST",
        "/v1/accounts/score",
        scores.score_one_account,
        "Score a company by its people.",
        body=ref("AccountScoreRequest"),
        example={"account": {"domain": "acme.com"}},
        answer=ref("AccountScore"),
        parameters=(_PATIENCE,),
        refusals=(400, 403, 404, 408, 413, 415, 503, 504),
        tag="Scores",
    ),
)

READING: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/leads/{lead_id}",
        reading.lead,
        "A lead: profile, identifiers, last events.",
        answer=ref("LeadProfile"),
        parameters=(_in("path", "lead_id", TEXT),),
        refusals=(403, 404, 503),
    ),
    Route(
        "GET",
        "/v1/leads/{lead_id}/features",
        reading.features,
        "The features a score is made of, now or as of then.",
        answer=ref("Features"),
        parameters=(_in("path", "lead_id", TEXT), _in("query", "as_of", AS_OF)),
        refusals=(400, 403, 404, 503),
    ),
    Route(
        "GET",
        "/v1/leads/{lead_id}/explain",
        whys.explain,
        "Every rule with the values it read, now or as known then.",
        answer=ref("Explanation"),
        parameters=(
            _in("path", "lead_id", TEXT),
            _in("query", "at", AS_OF),
            _in("query", "version", {"type": "string", "pattern": "^[0-9]{1,9}$"}),
        ),
        refusals=(400, 403, 404, 503),
    ),
    Route(
        "GET",
        "/v1/leads/{lead_id}/why-changed",
        whys.why_changed,
        "What moved a lead's priority since then: the shares add up to the difference.",
        answer=ref("WhyChanged"),
        parameters=(_in("path", "lead_id", TEXT), _in("query", "since", MOMENT)),
        refusals=(400, 403, 404, 503),
    ),
    Route(
        "GET",
        "/v1/accounts/{account_id}",
        reading.account,
        "A company and its people.",
        answer=ref("AccountProfile"),
        parameters=(_in("path", "account_id", TEXT),),
        refusals=(403, 404, 503),
    ),
    Route(
        "GET",
        "/v1/signals",
        reading.signals,
        "Signals, newest first.",
        answer=ref("Signals"),
        parameters=(
            _in("query", "since", MOMENT),
            _in("query", "owner", TEXT),
            _in("query", "type", TEXT),
            _in("query", "limit", _limit(1_000)),
            _in("query", "cursor", TEXT),
        ),
    ),
    Route(
        "GET",
        "/v1/signals/stream",
        stream.stream_signals,
        "Signals as they come, as server-sent events.",
        answer=TEXT,
        answer_type="text/event-stream",
        refusals=(403, 429, 503),
    ),
    Route(
        "GET",
        "/v1/events/recent",
        reading.recent_events,
        "The last events and what became of them.",
        answer=ref("Events"),
        parameters=(_in("query", "limit", _limit(reading.MOST_EVENTS)),),
    ),
)


def _open(path: str, endpoint: Any, summary: str, **more: Any) -> Route:
    told = {"answer": ref("Status"), "refusals": (), **more}
    return Route("GET", path, endpoint, summary, None, tag="Operations", **told)


METRICS = _open(
    "/metrics",
    operations.metrics,
    "For Prometheus.",
    answer=TEXT,
    answer_type="text/plain",
)
OPERATIONS: tuple[Route, ...] = (
    _open("/livez", operations.livez, "The event loop turns.", refusals=(503,)),
    _open("/readyz", operations.readyz, "Rules are loaded, the log is writable.", refusals=(503,)),
    _open(
        "/healthz",
        operations.healthz,
        "How far the worker is, what is in force, what is missing.",
        answer=ref("Health"),
        refusals=(503,),
    ),
    METRICS,
)


FRONT = (*EVENTS, *READING, *RULES, *OPERATIONS)
DESCRIBED = (*EVENTS, *SCORES, *READING, *RULES, *OPERATIONS)
