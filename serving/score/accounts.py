"""The score of an account: its best person's, the chance that one of its people is won, and who
they are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from core.clock import to_iso
from core.database import reading
from events.identity.members import leads_of
from events.identity.tables import ACCOUNT, ACCOUNT_IDENTIFIER
from scoring.account import any_of
from serving.score.asks import MOST_LEADS, AccountAsk
from signals.standing import Standing, answer

if TYPE_CHECKING:
    from serving.parts import Parts


class AccountPeople(NamedTuple):
    """An account's people, by lead id: `scored` are those whom its score is made of."""

    account_id: str
    scored: list[str]
    total: int


def find_people(engine: sa.Engine, ask: AccountAsk) -> AccountPeople | None:
    """None for an account that is not known by this name. At most 1,000 people are scored."""
    with reading(engine) as connection:
        account_id = find_account(connection, ask.field, ask.value)
        if account_id is None:
            return None
        people = sorted(leads_of(connection, account_id))
    return AccountPeople(account_id, people[:MOST_LEADS], len(people))


def score_account(parts: Parts, ask: AccountAsk, account: AccountPeople) -> dict[str, Any]:
    """The answer to `ask`, which has found `account`."""
    pairs = [(lead_id, account.account_id) for lead_id in account.scored]
    began = time.perf_counter() if ask.arrived is None else ask.arrived
    standings = parts.desk.stand_now(pairs, ask.explain)
    standings.sort(key=lambda one: one.priority, reverse=True)
    best = standings[0] if standings else None
    score = answer(best, ask.explain.value) if best else None
    parts.desk.calls.put(ask, standings[:1], [score], time.perf_counter() - began)
    return {
        "account_id": account.account_id,
        "as_of": to_iso(best.vector.as_of if best else parts.clock.now()),
        "priority": round(best.priority, 1) if best else 0.0,
        "band": best.band if best else "cold",
        "propensity": chance_of(standings),
        "model": score["model"] if score else None,
        "mqa": any(one.report.mqa for one in standings),
        "score": score,
        "people": [_person(one) for one in standings],
        "people_total": account.total,
        "degraded": sorted({missing for one in standings for missing in one.degraded}),
        "features_as_of": to_iso(best.known_to) if best and best.known_to is not None else None,
    }


def chance_of(standings: Sequence[Standing]) -> float | None:
    """Of the account: people who are suppressed are not sold to, and do not count. None without a
    model or without anybody else.
    """
    return any_of(
        one.score.propensity for one in standings if one.score and not one.report.suppressed
    )


def find_account(connection: sa.Connection, field: str, value: str) -> str | None:
    """The account by `account_id`, `domain` or `group_id`."""
    if field == "account_id":
        wanted = sa.select(ACCOUNT.c.account_id).where(ACCOUNT.c.account_id == value)
    else:
        name = f"{'group' if field == 'group_id' else 'domain'}:{value}"
        wanted = sa.select(ACCOUNT_IDENTIFIER.c.account_id).where(ACCOUNT_IDENTIFIER.c.name == name)
    found: str | None = connection.execute(wanted).scalar()
    return found


def _person(standing: Standing) -> dict[str, Any]:
    score = standing.score
    return {
        "lead_id": standing.vector.lead_id,
        "priority": round(standing.priority, 1),
        "band": standing.band,
        "propensity": score.propensity if score else None,
    }
