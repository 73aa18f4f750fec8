"""What moved a lead, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from features.windows import Value
from serving.why.changes import Fact
from serving.why.why_changed import Cause, Side, Story
from serving.why.worlds import EVENTS, MODEL, PROFILE, RULES, TIME

_FELT = 0.05
_TITLES = {
    TIME: "time passed: windows moved on, points decayed",
    EVENTS: "events came",
    PROFILE: "profile: what was said or enriched",
    RULES: "rules",
    MODEL: "model",
}


def lines(story: Story) -> Iterator[str]:
    yield from _side("then", story.before)
    yield from _side("now", story.after)
    yield from (f"note: {note}" for note in story.notes)
    yield ""
    yield f"priority moved by {story.difference:+.1f} points:"
    for cause in story.causes:
        yield from _cause(cause)


def _side(word: str, side: Side) -> Iterator[str]:
    account = f" of account {side.account_id}" if side.account_id else ""
    chance = "" if side.propensity is None else f", propensity {side.propensity:.1%}"
    model = side.model or "no model"
    yield (
        f"{word:5}{side.as_of}  priority {side.priority:.1f}, {side.band}{chance}  "
        f"(rules {side.rules_version}, {model}, lead {side.lead_id}{account})"
    )


def _cause(cause: Cause) -> Iterator[str]:
    versions = ""
    if cause.before != cause.after:
        versions = f": {cause.before or 'none'} → {cause.after or 'none'}"
    yield f"{cause.share:+8.1f}  {_TITLES[cause.cause]}{versions}"
    for rule in cause.rules:
        yield f"{'':10}rule {rule.id}: {rule.before:+g} → {rule.after:+g}"
    felt = abs(cause.share) >= _FELT or cause.rules or cause.cause == PROFILE
    for fact in cause.facts if felt else ():
        yield f"{'':10}{_fact(fact)}"
    for event in cause.events:
        yield f"{'':10}{event.recorded_at} {event.name}"


def _fact(fact: Fact) -> str:
    return f"{fact.name}: {_read(fact.before)} → {_read(fact.after)}"


def _read(value: Value) -> str:
    if value is None:
        return "unknown"
    return value if isinstance(value, str) else f"{value:.4g}"
