"""Score requests: what is asked, with all that is wrong with it at once."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.clock import DAY, from_iso
from core.errors import BadRequest, Problem
from events.intake.identifiers import email_identifier, is_hashed, normal_email
from events.types import Identifier, IdentifierKind

MOST_LEADS = 1_000
LONGEST = 256
LEAD_FIELDS = ("lead_id", "user_id", "anonymous_id", "email", "email_sha256", "crm_id")
ACCOUNT_FIELDS = ("account_id", "group_id", "domain")
EARLIEST = 10 * 365 * DAY
"""A moment before 1980 is a mistake in units, not a question."""
_MOST_PROBLEMS = 20


class Explain(enum.StrEnum):
    """How much of the reasons an answer carries."""

    NONE = "none"
    SHORT = "short"
    FULL = "full"


Who = Identifier | str
"""A person: an identifier of theirs, or a lead id of ours."""


class Ask(NamedTuple):
    """`as_of` in microseconds, UTC; None asks for now."""

    people: tuple[Who, ...]
    explain: Explain
    as_of: int | None
    id: str = ""
    """What the answer is called; without one it is not kept."""
    arrived: float | None = None
    """`time.perf_counter` when it was understood; the rest is waiting and work. None: unknown."""


class AccountAsk(NamedTuple):
    field: str
    value: str
    explain: Explain
    id: str = ""
    arrived: float | None = None
    """As that of `Ask`."""


def read_one(message: Mapping[str, Any], now: int) -> Ask:
    """`{"lead": {…}, "explain", "as_of"}`. BadRequest with every problem."""
    problems = _unknown(message, ("lead", "explain", "as_of"))
    person = _person(message.get("lead"), "lead", problems)
    return _ask((person,), message, now, problems)


def read_many(message: Mapping[str, Any], now: int) -> Ask:
    """`{"leads": [{…}, …], "explain", "as_of"}`, at most a thousand."""
    problems = _unknown(message, ("leads", "explain", "as_of"))
    leads = message.get("leads")
    if not isinstance(leads, list):
        problems.append(Problem("leads", "has to be an array of leads"))
        leads = []
    if len(leads) > MOST_LEADS:
        problems.append(Problem("leads", f"has {len(leads)} leads; at most {MOST_LEADS}"))
        leads = []
    people = [_person(lead, f"leads[{at}]", problems) for at, lead in enumerate(leads)]
    return _ask(tuple(people), message, now, problems)


def read_query(query: Mapping[str, str], now: int) -> Ask:
    """The same as `read_one` from a query: `?email=…&explain=short`."""
    lead = {name: value for name, value in query.items() if name in LEAD_FIELDS}
    rest = {name: value for name, value in query.items() if name not in LEAD_FIELDS}
    return read_one({"lead": lead, **rest}, now)


def read_account(message: Mapping[str, Any]) -> AccountAsk:
    """`{"account": {"domain": …}}`, or by `account_id` or `group_id`."""
    problems = _unknown(message, ("account", "explain"))
    field, value = _exactly_one(message.get("account"), "account", ACCOUNT_FIELDS, problems)
    explain = _explain(message, problems)
    _refuse(problems)
    return AccountAsk(field, value.strip().lower() if field == "domain" else value, explain)


def read_moment(told: object, path: str, now: int, problems: list[Problem]) -> int | None:
    """A past moment in ISO 8601; None, with the problem noted, if it is none."""
    if not isinstance(told, str):
        problems.append(Problem(path, "has to be a moment in ISO 8601"))
        return None
    try:
        moment = from_iso(told)
    except (ValueError, OverflowError):
        problems.append(Problem(path, f"{told[:40]!r} is no moment in ISO 8601"))
        return None
    if not EARLIEST <= moment <= now:
        problems.append(Problem(path, f"{told[:40]!r} lies not in the past, or too far in it"))
        return None
    return moment


def _ask(
    people: tuple[Who, ...], message: Mapping[str, Any], now: int, problems: list[Problem]
) -> Ask:
    explain = _explain(message, problems)
    as_of = message.get("as_of")
    moment = None if as_of is None else read_moment(as_of, "as_of", now, problems)
    _refuse(problems)
    return Ask(people, explain, moment)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise BadRequest("the request is not understood", problems=problems[:_MOST_PROBLEMS])


def _unknown(message: Mapping[str, Any], known: tuple[str, ...]) -> list[Problem]:
    told = f"is not known here; known: {', '.join(known)}"
    return [Problem(name[:40], told) for name in message if name not in known]


def _explain(message: Mapping[str, Any], problems: list[Problem]) -> Explain:
    told = message.get("explain", Explain.SHORT)
    if isinstance(told, str) and told in tuple(Explain):
        return Explain(told)
    problems.append(Problem("explain", f"has to be one of {', '.join(Explain)}"))
    return Explain.NONE


def _person(lead: object, path: str, problems: list[Problem]) -> Who:
    field, value = _exactly_one(lead, path, LEAD_FIELDS, problems)
    match field:
        case "user_id":
            return Identifier(IdentifierKind.USER_ID, value.strip())
        case "anonymous_id":
            return Identifier(IdentifierKind.ANONYMOUS_ID, value.strip())
        case "crm_id":
            return Identifier(IdentifierKind.CRM_ID, value.strip())
        case "email" | "email_sha256":
            return _email(field, value, path, problems)
        case _:
            return value


def _email(field: str, value: str, path: str, problems: list[Problem]) -> Who:
    normal = normal_email(value)
    if normal is None or is_hashed(normal) != (field == "email_sha256"):
        kind = "an email address" if field == "email" else "a SHA-256 in hex"
        problems.append(Problem(f"{path}.{field}", f"is not {kind}"))
        return ""
    return email_identifier(normal)


def _exactly_one(
    told: object, path: str, fields: tuple[str, ...], problems: list[Problem]
) -> tuple[str, str]:
    if isinstance(told, dict) and len(told) == 1:  # nearly always, a thousand times a batch
        ((field, value),) = told.items()
        if field in fields and _is_text(value):
            return field, value
    known = ", ".join(fields)
    if not isinstance(told, dict):
        problems.append(Problem(path, f"has to be an object with one of {known}"))
        return "", ""
    before = len(problems)
    problems.extend(
        Problem(f"{path}.{name[:40]}", f"is not known here; known: {known}")
        for name in told
        if name not in fields
    )
    given = [name for name in fields if name in told]
    if len(given) != 1:
        problems.append(Problem(path, f"has {len(given)} of {known}; exactly one is needed"))
    for name in given:
        value = told[name]
        if not _is_text(value):
            problems.append(Problem(f"{path}.{name}", f"has to be a text of 1–{LONGEST} letters"))
    return (given[0], told[given[0]]) if len(problems) == before else ("", "")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST
