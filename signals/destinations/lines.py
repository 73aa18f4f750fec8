"""A signal in a seller's words, for destinations that people read."""

from __future__ import annotations

from typing import Any


def person_name(data: dict[str, Any]) -> str:
    """Name, else email, else that nobody knows yet."""
    person = data.get("person") or {}
    name = " ".join(str(person[key]) for key in ("first_name", "last_name") if person.get(key))
    return name or str(person.get("email") or "somebody not known yet")


def person_told(data: dict[str, Any]) -> str:
    """Name and job: `Ann Lee (VP Finance)`."""
    person = data.get("person") or {}
    job = person.get("title") or str(person.get("role") or "").replace("_", " ")
    return f"{person_name(data)} ({job})" if job else person_name(data)


def company_name(data: dict[str, Any]) -> str:
    company = data.get("company") or {}
    return str(company.get("name") or company.get("domain") or "company not known yet")


def about_model(data: dict[str, Any]) -> str | None:
    """`lead_propensity 3`, for a signal that is about a model and not about a lead."""
    model = data.get("model")
    return f"{model['name']} {model['version']}" if model else None


def reasons_told(data: dict[str, Any]) -> list[str]:
    """One line a reason, with its effect: `+12.0 3 pricing visits in 7 days`."""
    return [f"{reason['effect']:+.1f} {reason['text']}" for reason in data["score"]["reasons"]]


def within(seconds: int) -> str:
    """3600 → `1 h`; the largest unit that leaves nothing over."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def printable(text: str) -> str:
    """Without control characters: a name could otherwise steer the terminal or forge a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
