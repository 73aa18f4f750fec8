"""The facts that rules may read: a flat name → `word`, `number`, `age` or `moment`.

All features are facts. A few more are known only once a lead was scored: only routing reads them.
"""

from __future__ import annotations

from collections.abc import Mapping

from features.definitions import BY_FEATURE
from features.definitions import Kind as Made
from features.definitions import facts as feature_facts

Value = float | int | str | None
"""A number, a word, or missing. A fact that is absent is missing too."""

Facts = Mapping[str, Value]

WORD, NUMBER, AGE, MOMENT = "word", "number", "age", "moment"
"""Kinds. An age is a number of days, back from `as_of`; a moment is in microseconds, UTC."""

AS_OF = "as_of"
"""The one moment: the instant that all other facts are told for."""


def _kind(name: str, declared: str) -> str:
    """A number that counts days since an event is an age: it can be compared with a date."""
    aged = name in BY_FEATURE and BY_FEATURE[name].kind in {Made.SINCE, Made.AGE}
    return AGE if aged or name.endswith("open_deal_days") else declared


LEAD_FACTS: dict[str, str] = {
    **{name: _kind(name, declared) for name, declared in feature_facts().items()},
    "owner": WORD,
    "email_domain": WORD,
    AS_OF: MOMENT,
}
"""`owner` is the lead's representative in the CRM; `email_domain` is that of a
work email, in lower case."""

ROUTE_FACTS: dict[str, str] = {
    **LEAD_FACTS,
    "band": WORD,
    "priority": NUMBER,
    "propensity": NUMBER,
    "signal": WORD,
}
"""The words of `band` are hot, warm and cold; those of `signal` stand in `SIGNALS`."""

SIGNALS: tuple[str, ...] = (
    "lead.hot",
    "lead.cooled",
    "lead.suppressed",
    "lead.identified",
    "account.mqa",
    "account.cooled",
    "outcome.won",
    "outcome.lost",
    "model.drift",
)

DESTINATION_KINDS: tuple[str, ...] = ("console", "slack", "webhook")
"""What stands before the colon of a route's destination; signals go out in no other way."""
