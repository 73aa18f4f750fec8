"""Which rule and which account a snooze is about, as people name them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from core.clock import DAY, from_iso
from core.database import reading
from core.errors import BadRequest, Problem
from events.identity.tables import ACCOUNT_IDENTIFIER
from rules import Rulebook, load_catalog
from rules.language.reading import did_you_mean
from rules.life import live_version, version_files
from serving.score.accounts import find_account

_LIKE = 5_000
"""Names that a mistyped one is compared with."""


def named(engine: sa.Engine, rule: str, account: str, until: str) -> tuple[str, int]:
    """Account id and end (microseconds, UTC) of a snooze that makes sense.

    `account` is an account id, a domain or a group id; `until` an ISO date (its whole day, UTC) or
    date-time. BadRequest names all that is wrong, each with the closest thing there is.
    """
    problems: list[Problem] = []
    rulebook = load_catalog(version_files(engine, live_version(engine)))
    if told := wrong_rule(rulebook, rule):
        problems.append(Problem("rule", told))
    account_id = account_of(engine, account)
    if account_id is None:
        near = did_you_mean(account, _names(engine, account))
        problems.append(Problem("account", f"no account is known by {account[:80]!r}{near}"))
    moment = end_of(until)
    if moment is None:
        problems.append(Problem("until", f"{until[:40]!r} is no date in ISO 8601"))
    if problems or account_id is None or moment is None:
        raise BadRequest("the snooze is not understood", problems=problems)
    return account_id, moment


def wrong_rule(rulebook: Rulebook, rule: str) -> str:
    """Empty for a rule that can be snoozed: one that scores. Routes and settings cannot."""
    scored = [one.id for sheet in rulebook.sheets for one, *_ in sheet.rules]
    if rule in scored:
        return ""
    if rule in {one.id for one in rulebook.rules()}:
        return f"`{rule[:80]}` says who is told, not what counts: edit the route instead"
    return f"there is no rule `{rule[:80]}`{did_you_mean(rule, scored)}"


def account_of(engine: sa.Engine, account: str) -> str | None:
    """By account id, domain or group id."""
    with reading(engine) as connection:
        for field in ("account_id", "domain", "group_id"):
            value = account.strip().lower() if field == "domain" else account
            if found := find_account(connection, field, value):
                return found
    return None


def end_of(until: str) -> int | None:
    """The first moment after it; None for what is no date."""
    try:
        moment = from_iso(until)
        day = dt.date.fromisoformat(until) if len(until) <= 10 else None
    except (ValueError, OverflowError):
        return None
    return moment if day is None else moment + DAY


def _names(engine: sa.Engine, account: str) -> Sequence[str]:
    """Domains that begin alike."""
    start = f"domain:{account.strip().lower()[:2]}"
    column = ACCOUNT_IDENTIFIER.c.name
    asked = sa.select(column).where(column.startswith(start, autoescape=True)).limit(_LIKE)
    with reading(engine) as connection:
        return [name.partition(":")[2] for name in connection.execute(asked).scalars()]
