"""Per rule: how often it was looked at and hit, and how the leads that it hit once ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa

from core.clock import DAY, to_iso
from core.database import reading
from core.errors import WorkError
from core.installation import Installation
from core.release import Release, current
from core.settings import Models
from rules import Rulebook, load_catalog
from rules.declaration import Rule
from rules.life import version_files
from rules.life.counts import Counted, counted, first_day
from scoring.cases import files, read_cases

if TYPE_CHECKING:
    import pyarrow as pa

MOST_DAYS = 400
_NEVER = Counted(0, 0, None)


class Ends(msgspec.Struct, frozen=True):
    """Leads whose end is known, as they were at the moment that training looks at."""

    leads: int = 0
    won: int = 0
    win_rate: float | None = None
    """0–1; None without leads."""


class RuleStats(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    file: str
    line: int
    kept_by: str | None
    evaluated: int
    """How often a live event or the passing of time made the worker look."""
    hits: int
    hit_rate: float | None
    """0–1; None for a rule that was never looked at."""
    last_hit: str | None
    """ISO 8601; as far back as 400 days."""
    dead: bool
    """Looked at in the days asked for, and never hit."""
    past: Ends | None
    """Of the past leads that it hits; None for routes, and where no lead's end is known."""


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    days: int
    counted_from: str | None
    """The first day of counts within the days asked for; None when nothing was counted yet."""
    past: Ends | None
    """All leads whose end is known: what a rule's win rate is compared with."""
    rules: tuple[RuleStats, ...]
    """In the order of the files."""


def stats(
    installation: Installation, engine: sa.Engine, models: Models | None, now: int, days: int
) -> Stats:
    """Of the rules in force, over the last `days` UTC days, today among them.

    Past leads are those that training kept; with `models` also those whose end became known since,
    or all if nothing was trained: then the lake is read, which takes seconds.
    """
    release = current(engine)
    rulebook = load_catalog(version_files(engine, release.rules_version))
    since = now // DAY - days + 1
    with reading(engine) as connection:
        counts = counted(connection, since)
        first = first_day(connection)
    table = _past(installation, engine, models, release, now)
    ends = {} if table is None else _ends(rulebook, table)
    return Stats(
        version=release.rules_version,
        days=days,
        counted_from=None if first is None else to_iso(max(first, since) * DAY)[:10],
        past=ends.get(""),
        rules=tuple(
            _told(rule, counts.get(rule.id, _NEVER), ends.get(rule.id)) for rule in rulebook.rules()
        ),
    )


def _told(rule: Rule, counts: Counted, past: Ends | None) -> RuleStats:
    seen = counts.evaluated
    return RuleStats(
        rule=rule.id,
        file=rule.file,
        line=rule.line,
        kept_by=rule.kept_by,
        evaluated=seen,
        hits=counts.hits,
        hit_rate=counts.hits / seen if seen else None,
        last_hit=None if counts.last_hit_at is None else to_iso(counts.last_hit_at),
        dead=bool(seen) and not counts.hits,
        past=past,
    )


def _past(
    installation: Installation,
    engine: sa.Engine,
    models: Models | None,
    release: Release,
    now: int,
) -> pa.Table | None:
    """As in `scoring.cases`; None when no lead's end is known."""
    if models is None:
        kept = (read_cases(file) for file in files(installation))
        return next((cases.table for cases in kept if cases is not None), None)
    from signals.backtest.past import past

    try:
        return past(installation, engine, models, release, now, now // DAY).table
    except WorkError:
        return None


def _ends(rulebook: Rulebook, table: pa.Table) -> dict[str, Ends]:
    """Rule → the ends of the leads that it hits; under "" those of all leads."""
    from signals.backtest.judge import facts_of

    leads: Counter[str] = Counter()
    won: Counter[str] = Counter()
    reports = rulebook.evaluate(facts_of(table))
    for report, is_won in zip(reports, table["won"].to_pylist(), strict=True):
        hits = ["", *(hit.id for hit in report.hits)]
        leads.update(hits)
        if is_won:
            won.update(hits)
    scored = [rule.id for sheet in rulebook.sheets for rule, *_ in sheet.rules]
    return {name: _rate(leads[name], won[name]) for name in ["", *scored]}


def _rate(leads: int, won: int) -> Ends:
    return Ends(leads, won, won / leads if leads else None)
