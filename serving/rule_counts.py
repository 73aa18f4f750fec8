"""How often each rule was looked at and hit while the leads of a batch were judged."""

from __future__ import annotations

from collections.abc import Sequence

from rules.life.counts import Counts
from serving.inforce import Loaded
from signals.standing import Standing
from signals.types import Signal


def count(
    loaded: Loaded, standings: Sequence[Standing], signals: Sequence[Signal], now: int
) -> Counts:
    """Rules that score are looked at once a lead, routes once a signal: not those that sleep or are
    snoozed. Of the routes only the first that holds hits.
    """
    book = loaded.rulebook
    counts = Counts(now, loaded.release.rules_version)
    moment = {"as_of": now}
    awake = [rule for rule in book.rules() if not rule.asleep(moment)]
    routes = {rule.id for rule, _ in book.routing.rules}
    counts.looked_at((one.id for one in awake if one.id not in routes), len(standings))
    for standing in standings:
        counts.hit(hit.id for hit in standing.report.hits)
        counts.passed_over(standing.report.snoozed)
    if signals:
        counts.looked_at([*routes, book.routing.default_id], len(signals))
        counts.hit(signal.data["route"]["rule"] for signal in signals)
    return counts
