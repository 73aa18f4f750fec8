"""Any conditions, any leads, any catalog: what the ways to evaluate must agree on."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from core.clock import DAY
from rules import Facts
from rules.declaration import Rule
from rules.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Happened,
    Missing,
    Not,
    Segment,
)
from rules.language.rows import compile_row
from rules.priority import Band, Priority, Weights
from rules.routing import Routing
from rules.rulebook import Rulebook
from rules.sheet import Decay, Scored, Sheet
from rules.target import Owner, Target

LARGE = settings(
    deadline=None,
    suppress_health_check=(
        HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example,
    ),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
"""For whole catalogs and crowds: to shrink thousands of cases takes minutes, and a failure names
its condition or its rule anyway."""

NUMBERS = ("page_views_7d", "open_deal_value")
AGES = ("days_since_engagements", "lead_age_days")
WORDS = ("title", "industry")
NOW = 20_000 * DAY
"""A UTC midnight."""

# Letters whose case folds oddly, accents in two spellings, signs that SQL, LIKE and RE2 read.
_TEXTS = st.one_of(
    st.sampled_from(
        ["", "VP", "vp", "Straße", "STRASSE", "İstanbul", "istanbul", "ı", "ſ", "S", "K", "k", "Ω",
         "Σίσυφος", "σίσυφοσ", "é", "e\u0301", "a.b", "a\nb", "'", '"', "%", "_", "\\", "^", "$",
         "(", "🦆", "mail.rival.example", "rival.example", "arrival.example", "x\x00y", " "]
    ),
    st.text(st.characters(codec="utf-8"), max_size=4),
)  # fmt: skip
_SAID = _TEXTS.filter(lambda text: "\x00" not in text)
_BORDERS = (0, 1, 2, 7, 0.1, 0.1 + 0.2, 1 / 3, -1, 1e15, -1e15, 1e-300, 123456789.123456789)
_NUMBERS = st.one_of(
    st.sampled_from([*_BORDERS, -0.0, 2**53 + 1, 10**18, -(10**18), 5e-324, 1.7e308]),
    st.integers(0, 5),
    st.floats(-10, 10),
)
_DECLARED = st.one_of(st.sampled_from(_BORDERS), st.integers(-3, 8), st.floats(-10, 10))
_AGES = st.one_of(
    st.sampled_from([0, 1, 1.5, 30, 0.1, 29.999999999999996, 1e6, -1, 1e300]), st.floats(0, 60)
)
_DAYS = st.integers(-40, 2).map(lambda day: NOW + day * DAY)
_DATES = st.none() | st.none() | _DAYS
_PATTERNS = st.sampled_from(
    ["^vp", "a.b", "^$", r"\bk\b", "s$", "[^a]", "stra(ss|ß)e", r"\d", "(a|b)*", ".", r"\w\W", "σ"]
)
LEADS: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(NUMBERS, st.none() | _NUMBERS),
        **dict.fromkeys(AGES, st.none() | _AGES),
        **dict.fromkeys(WORDS, st.none() | _TEXTS),
        "owner": st.none() | st.sampled_from(["rep-1", "rep-2", ""]),
        "as_of": st.none() | st.integers(NOW - 2 * DAY, NOW + 2 * DAY) | st.just(NOW),
    },
)


def _compare(facts: tuple[str, ...], ops: list[str], value: st.SearchStrategy[Any]) -> Any:
    return st.builds(Compare, st.sampled_from(facts), st.sampled_from(ops), value)


def _ends(pair: tuple[float, float]) -> tuple[float, float]:
    return min(pair), max(pair)


def _sets(of: st.SearchStrategy[Any]) -> Any:
    return st.frozensets(of, min_size=1, max_size=4)


_COUNTED = NUMBERS + AGES
_ORDERED = ["is", "is_not", "at_least", "at_most", "above", "below"]
_DOMAINS = st.sampled_from([("rival.example",), ("a.b", "rival.example")])
LEAVES: st.SearchStrategy[Condition] = st.one_of(
    _compare(_COUNTED, _ORDERED, _DECLARED),
    _compare(_COUNTED, ["between"], st.tuples(_DECLARED, _DECLARED).map(_ends)),
    _compare(_COUNTED, ["in", "not_in"], _sets(_DECLARED)),
    _compare(WORDS, ["is", "is_not", "contains", "starts_with"], _SAID),
    _compare(WORDS, ["in", "not_in"], _sets(_SAID)),
    _compare(WORDS, ["matches"], _PATTERNS),
    _compare(WORDS, ["domain"], _DOMAINS),
    _compare(AGES, ["within_days"], st.sampled_from([0, 1, 29.999999999999996, 30])),
    _compare(("as_of",), ["before", "after"], _DAYS),
    st.builds(Happened, st.sampled_from(AGES), st.sampled_from(["before", "after"]), _DAYS),
    st.builds(Missing, st.sampled_from((*_COUNTED, *WORDS, "as_of"))),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Segment, st.just("named"), inner),
    ),
    max_leaves=5,
)
_EASY = st.builds(Missing, st.sampled_from(NUMBERS)).flatmap(
    lambda missing: st.sampled_from([missing, Not(missing)])
)
_DECAYS = (
    st.none()
    | st.none()
    | st.builds(Decay, st.sampled_from(AGES), st.sampled_from([0.5, 7.0, 1 / 3]))
)


@st.composite
def catalogs(draw: st.DrawFn) -> Rulebook:
    """Small caps beside many rules that hold, so that groups and sheets run full."""

    def rule(name: str) -> Rule:
        when = draw(CONDITIONS | _EASY)
        dates = {"from_at": draw(_DATES), "until_at": draw(_DATES)}
        fill = "about {}".format
        return Rule(name, "x.yaml", 1, fill, when, compile_row(when), (), name, **dates)

    def sheet(purpose: Any, sign: int) -> Sheet:
        caps = {group: sign * draw(st.integers(20, 70)) for group in ("one", "two", "three")}
        scored = [
            Scored(
                rule(f"{purpose}_{at}"),
                draw(st.sampled_from(sorted(caps))),
                sign * draw(st.integers(10, 60)),
                draw(_DECAYS),
            )
            for at in range(8)
        ]
        return Sheet(purpose, caps, tuple(scored))

    def verdicts(purpose: Any) -> Sheet:
        return Sheet(purpose, {"": 0}, (Scored(rule(f"{purpose}_0"), "", 0),))

    routes = tuple((rule(f"route_{at}"), _target(f"rep-{at}", at)) for at in range(4))
    return Rulebook(
        sheet("fit", 1),
        ((60, "A"), (33.3, "B"), (10, "C"), (0, "D")),
        sheet("intent", 1),
        sheet("negative", -1),
        verdicts("suppress"),
        verdicts("account"),
        draw(_scales()),
        Routing(routes, "rest", _target("nobody", 1)),
    )


@st.composite
def _scales(draw: st.DrawFn) -> Priority:
    fit = draw(st.integers(1, 60)) / 100
    intent = draw(st.integers(1, 35)) / 100
    weights = Weights(fit, intent, 1 - fit - intent, draw(st.sampled_from([0.7, 1.0])))
    knees = sorted(draw(st.frozensets(st.integers(1, 99), max_size=3)))
    chances = (0.0, *(knee / 100 for knee in knees), 1.0)
    worths = tuple(sorted(draw(st.lists(st.floats(0, 100), min_size=len(chances),
                                        max_size=len(chances)))))  # fmt: skip
    return Priority(weights, chances, worths, 10.0, Band("hot", 40, 30), Band("warm", 20, 15), {})


def _target(name: str, at: int) -> Target:
    return Target(Owner(name, "owner" if at % 2 else None), ("console",), 60)
