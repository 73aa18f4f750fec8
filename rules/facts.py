"""The facts that rules may read: a flat name → `word` or `number`.

All features are facts. A few more are known only once a lead was scored: only routing reads them.
"""

from __future__ import annotations

from collections.abc import Mapping

from features.definitions import facts as feature_facts

Value = float | int | str | None
"""A number, a word, or missing. A fact that is absent is missing too."""

Facts = Mapping[str, Value]

LEAD_FACTS: dict[str, str] = {**feature_facts(), "owner": "word", "email_domain": "word"}
"""`owner` is the lead's representative in the CRM; `email_domain` is that of a
work email, in lower case."""

ROUTE_FACTS: dict[str, str] = {
    **LEAD_FACTS,
    "band": "word",
    "priority": "number",
    "propensity": "number",
    "signal": "word",
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
)
