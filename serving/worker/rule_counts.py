"""How often each rule was looked at and hit while the leads of a batch were judged."""

from __future__ import annotations

from collections.abc import Sequence

from rules import Rulebook
from rules.life.counts import Counts
from signals.standing import Standing
from signals.types import Signal


def count(standings: Sequence[Standing], signals: Sequence[Signal], now: int) -> Counts:
    """Rules that score are looked at once a lead, routes once a signal: not those that sleep or are
    snoozed. Of the routes only the first that holds hits.

    During an experiment the standings may be made from two versions of the rules.
    """
    counts = Counts(now)
    books = {one.release.rules_version: one.rulebook for one in standings}
    for version, book in books.items():
        own = [one for one in standings if one.release.rules_version == version]
        awake = _awake(book, now)
        counts.looked_at(version, awake, len(own))
        counts.hit(version, (hit.id for one in own for hit in one.report.hits))
        for one in own:
            if one.report.snoozed:
                counts.passed_over(version, awake & {*one.report.snoozed})
    for signal in signals:
        version = int(signal.data["score"]["rules"]["version"])
        counts.looked_at(version, _routes(books[version]))
        counts.hit(version, [signal.data["route"]["rule"]])
    return counts


def _awake(book: Rulebook, now: int) -> set[str]:
    moment = {"as_of": now}
    scored = (one.rule for sheet in book.sheets for one in sheet.rules)
    return {rule.id for rule in scored if not rule.asleep(moment)}


def _routes(book: Rulebook) -> list[str]:
    return [*(rule.id for rule, _ in book.routing.rules), book.routing.default_id]
