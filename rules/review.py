"""What rules can and cannot do, found without a lead: before anybody publishes them.

Problems are rules that no lead can hit, routes that never have their turn, and suppressions of
everybody. Warnings are what an author may have meant, or not. Nothing is told that is not so; not
everything that is so is found (`rules.language.cases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from core.clock import DAY, to_iso
from core.errors import Problem
from rules.declaration import Rule
from rules.facts import DESTINATION_KINDS
from rules.language.cases import (
    Case,
    TooManyError,
    Want,
    cases,
    facts_of,
    fit_together,
    impossible_facts,
    possible,
)
from rules.language.reading import did_you_mean
from rules.routing import Routing
from rules.rulebook import Rulebook
from rules.sheet import MOST, Scored, Sheet

MOST_PAIRS = 50_000
"""Routes compared with each other; a catalog in which there are more says so."""


def problems(rulebook: Rulebook) -> list[Problem]:
    """Rules that would be in force and mean nothing, or would silence everything."""
    routes = [rule for rule, _ in rulebook.routing.rules]
    unsent = unknown_kinds(rulebook.routing)
    return [*of_each(rulebook.sheets, routes), *_shadowed(rulebook)[0], *unsent]


def of_each(sheets: Iterable[Sheet], routes: Sequence[Rule]) -> list[Problem]:
    """What is to be said of a rule by itself, whatever the others are."""
    by_purpose = [(sheet.purpose, one.rule) for sheet in sheets for one in sheet.rules]
    rules = [*(rule for _, rule in by_purpose), *routes]
    never = [found for rule in rules for found in _never(rule)]
    suppressing = [rule for purpose, rule in by_purpose if purpose == "suppress"]
    return [*never, *(found for rule in suppressing for found in _always(rule))]


def unknown_kinds(routing: Routing) -> list[Problem]:
    """Routes to destinations of a kind that there is none of: their signals would never arrive."""
    last = f"routing.yaml:{routing.default_line}"
    routes = [(f"{rule.file}:{rule.line}", rule.id, target) for rule, target in routing.rules]
    return [
        Problem(where, f"`{name}` sends to `{place}`: there is no kind `{kind}`{_kind_meant(kind)}")
        for where, name, target in [*routes, (last, routing.default_id, routing.default)]
        for place in target.destinations
        if (kind := place.partition(":")[0]) not in DESTINATION_KINDS
    ]


def _kind_meant(kind: str) -> str:
    return did_you_mean(kind, DESTINATION_KINDS) or f"; there are {', '.join(DESTINATION_KINDS)}"


def warnings(rulebook: Rulebook, at: int) -> list[Problem]:
    """What an author may want to look at. `at`: now, in microseconds UTC."""
    suppressing = {one.rule.id for one in rulebook.suppressions.rules}
    others = [rule for rule in rulebook.rules() if rule.id not in suppressing]
    return [
        *(found for sheet in rulebook.sheets for found in _caps(sheet)),
        *_grades(rulebook),
        *(found for rule in others for found in _always(rule)),
        *(found for rule in rulebook.rules() for found in _over(rule, at)),
        *_shadowed(rulebook)[1],
    ]


def _told(rule: Rule, message: str) -> Problem:
    return Problem(f"{rule.file}:{rule.line}", f"`{rule.id}` {message}")


def _cases(rule: Rule, want: Want) -> list[Case] | None:
    """The possible ones; None when there are too many to look at."""
    try:
        return possible(cases(rule.when, want))
    except TooManyError:
        return None


def _never(rule: Rule) -> Iterator[Problem]:
    """A rule whose condition asks of a fact what no value can be."""
    if _cases(rule, Want.TRUE) == []:
        every = cases(rule.when, Want.TRUE)
        facts = sorted({fact for case in every for fact in impossible_facts(case)})
        named = ", ".join(f"`{fact}`" for fact in facts)
        yield _told(rule, f"can never hit: no value is all that it asks of {named}")


def _always(rule: Rule) -> Iterator[Problem]:
    if _cases(rule, Want.NOT_TRUE) == []:
        yield _told(rule, "always hits, whatever is known of a lead and whatever is missing")


class _Route(NamedTuple):
    rule: Rule
    holds: list[Case] | None
    """The cases in which it does, and …"""
    leaves: list[Case] | None
    """… those in which it leaves the signal to the rules below."""
    reads: frozenset[str]
    """The facts of all the cases in which it holds, and …"""
    asks: tuple[frozenset[str], ...]
    """… those of each case in which it does not."""

    def may_hide(self, later: _Route) -> bool:
        """Quickly: False when some case leaves the signal and asks of no fact that `later` reads.

        Both can then be at once. A choice (`any`) leaves the signal only where no part holds, so
        that each of its cases asks of all the parts, and one common fact is enough.
        """
        return self.leaves is not None and not any(map(later.reads.isdisjoint, self.asks))


def _route(rule: Rule) -> _Route:
    holds, open_to = _cases(rule, Want.TRUE), _cases(rule, Want.NOT_TRUE)
    reads: frozenset[str] = frozenset().union(*map(facts_of, holds or ()))
    return _Route(rule, holds, open_to, reads, tuple({facts_of(case) for case in open_to or ()}))


def _shadowed(rulebook: Rulebook) -> tuple[list[Problem], list[Problem]]:
    """Routes that hold only where an earlier one does; and what was not looked at."""
    found: list[Problem] = []
    earlier: list[_Route] = []
    pairs = 0
    for rule, _ in rulebook.routing.rules:
        route = _route(rule)
        rivals = [one for one in earlier if one.may_hide(route)]
        pairs += len(rivals)
        if pairs > MOST_PAIRS:
            told = f"has many rules: only those above `{rule.id}` were looked at for shadows"
            return found, [Problem(f"{rule.file}:{rule.line}", told)]
        first = next((one.rule for one in rivals if _implies(route, one)), None)
        if first is not None:
            where = f"`{first.id}` ({first.file}:{first.line})"
            found.append(_told(rule, f"never has its turn: {where} holds wherever it does"))
        earlier.append(route)
    return found, []


def _implies(route: _Route, other: _Route) -> bool:
    """Whether `other` is awake and holds wherever `route` does."""
    rule, first = route.rule, other.rule
    if first.from_at is not None and (rule.from_at is None or rule.from_at < first.from_at):
        return False
    if first.until_at is not None and (rule.until_at is None or rule.until_at > first.until_at):
        return False
    if not route.holds or other.leaves is None:
        return False
    return not any(fit_together(one, two) for one in route.holds for two in other.leaves)


def _caps(sheet: Sheet) -> Iterator[Problem]:
    """Caps that the points of their group do not reach, and groups that no rule is in."""
    for group, cap in sheet.caps.items():
        place = f"{sheet.purpose}.yaml:{sheet.lines.get(group, 1)}"
        rules = [one for one in sheet.rules if one.group == group]
        if not rules and group:
            yield Problem(place, f"group `{group}` has no rule")
        elif _sum(rules) < abs(cap):
            told = f"its rules add up to {_sum(rules):g}"
            yield Problem(place, f"group `{group}` can never reach its cap of {cap:g}: {told}")


def _sum(rules: Sequence[Scored]) -> float:
    return sum(abs(one.points) for one in rules)


def _grades(rulebook: Rulebook) -> Iterator[Problem]:
    """Grades that no lead can get."""
    fit = rulebook.fit
    by_group = [
        min(abs(cap), _sum([one for one in fit.rules if one.group == group]))
        for group, cap in fit.caps.items()
    ]
    most = min(MOST, sum(by_group))
    for least, grade in rulebook.grades:
        if least > most:
            told = f"grade {grade} asks for {least:g} points, and the rules give {most:g} at most"
            yield Problem("fit.yaml:1", told)


def _over(rule: Rule, at: int) -> Iterator[Problem]:
    if rule.until_at is not None and rule.until_at <= at:
        yield _told(rule, f"is over: its `until` was {to_iso(rule.until_at - DAY)[:10]}")
