"""What the person, the company or the CRM said themselves, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from events.types import MatchedEvent

PERSON = {
    "title": ("title", "job_title", "jobTitle"),
    "seniority": ("seniority",),
    "role": ("role", "role_function", "function", "department"),
    "buyer_role": ("buyer_role",),
}
COMPANY = {
    "industry": ("industry",),
    "region": ("region", "country"),
    "employee_band": ("employee_band",),
    "revenue_band": ("revenue_band", "estimated_revenue_band"),
    "process_maturity": ("process_maturity",),
}
"""Our attribute → the trait names that senders use for it."""

BANDS = ((1, "1-49"), (50, "50-199"), (200, "200-499"), (500, "500-999"), (1000, "1000-1999"))
LARGEST = (2000, "2000+")


def told_facts(matched: MatchedEvent) -> tuple[dict[str, str], dict[str, str]]:
    event = matched.event
    person = _words(event.traits, PERSON)
    if event.name == "lead_created":
        person |= _words(event.properties, {"source": ("source",), "channel": ("channel",)})
    elif event.name == "form_submitted":
        person |= _words(event.properties, PERSON)
    company = _words(event.company, COMPANY)
    if "employee_band" not in company and (band := employee_band(event.company.get("employees"))):
        company["employee_band"] = band
    return person, company


def employee_band(headcount: Any) -> str | None:
    """450 → `200-499`; None for what is no headcount."""
    if isinstance(headcount, bool) or not isinstance(headcount, int | float) or headcount < 1:
        return None
    bands = [name for least, name in (*BANDS, LARGEST) if headcount >= least]
    return bands[-1]


def _words(told: Mapping[str, Any], names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    if not told:
        return {}
    found = {}
    for ours, theirs in names.items():
        for name in theirs:
            value = told.get(name)
            if isinstance(value, str) and (word := value.strip()[:100]):
                found[ours] = word
                break
    return found
