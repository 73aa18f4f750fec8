"""Rules that sleep, and points that fade."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY, from_iso
from rules import Rulebook, load_catalog, read_catalog, run_examples

FILES = read_catalog()
FIRST, LAST = from_iso("2026-05-01"), from_iso("2026-05-31") + DAY - 1


def with_rule(more: str, hit: str = "{region: UK}", miss: str = "{region: FR}") -> Rulebook:
    rule = f"""
  - id: it
    group: content
    points: 16
    text: "Seen {{days_since_page_views|day|days}} before {{as_of}}"
    when: {{fact: region, op: is, value: UK}}
    {more}
    examples: {{hit: [{hit}], miss: [{miss}]}}
"""
    return load_catalog({**FILES, "intent.yaml": FILES["intent.yaml"] + rule})


def points(book: Rulebook, **facts: float | str) -> float | None:
    """What the rule adds, by the one lead and in a batch; None if it does not hit."""
    lead = {"region": "UK", **facts}
    reports = [book.evaluate([lead])[0], book.evaluate([lead] * 20)[-1]]
    told = [{hit.id: hit.points for hit in report.hits}.get("it") for report in reports]
    assert told[0] == told[1]
    return told[0]


def test_a_rule_is_awake_on_both_its_days() -> None:
    """`until: 2026-05-31` counts the whole of that day, in UTC."""
    book = with_rule("from: 2026-05-01\n    until: 2026-05-31")
    assert [points(book, as_of=at) for at in (FIRST - 1, FIRST, LAST, LAST + 1)] == [
        None, 16, 16, None,
    ]  # fmt: skip
    assert points(book) == 16, "without `as_of` dates are no matter"


def test_an_example_may_say_when(find: Callable[[Rulebook], list[str]]) -> None:
    """Asleep is a miss; an example without `as_of` is about the condition alone."""
    dates = "until: 2026-05-31"
    right = "{region: UK, as_of: 2026-05-31T23:59:59Z}"
    assert find(with_rule(dates, right, "{region: UK, as_of: 2026-06-01}")) == []
    [told] = find(with_rule(dates, "{region: UK, as_of: 2026-06-01}"))
    assert "`it`: should hit, and does not" in told


@pytest.fixture
def find() -> Callable[[Rulebook], list[str]]:
    return lambda book: [str(one) for one in run_examples(book).wrong]


DECAY = "decay: {fact: days_since_page_views, half_life: 7d}"
AGED = "{region: UK, days_since_page_views: 3.0}"


def test_points_halve_with_every_half_life() -> None:
    """And are counted in hundredths, so that sums and caps stay exact."""
    book = with_rule(DECAY, AGED)
    ages = (0.0, 7.0, 14.0, 28.0, 3.5)
    assert [points(book, days_since_page_views=age) for age in ages] == [16, 8, 4, 1, 11.31]


@given(st.floats(0, 400), st.floats(0, 400))
def test_points_never_grow_with_age(one: float, other: float) -> None:
    """A decay only takes away."""
    young, old = sorted((one, other))
    assert (points(FADING, days_since_page_views=old) or 0) <= (
        points(FADING, days_since_page_views=young) or 0
    )


FADING = with_rule(DECAY, AGED)


def test_without_its_age_a_fading_rule_is_missing() -> None:
    """Nobody knows how much is left, so nothing is said; its examples know it too."""
    assert points(FADING) is None
    told = [str(one) for one in run_examples(with_rule(DECAY)).wrong]
    assert len(told) == 1
    assert "`it`: should hit, and does not" in told[0]


def test_texts_tell_days_and_dates() -> None:
    """A seller reads a date, and not microseconds."""
    report = FADING.evaluate([{"region": "UK", "days_since_page_views": 1.0, "as_of": LAST}])[0]
    texts = {hit.id: report.text(hit) for hit in report.hits}
    assert texts["it"] == "Seen 1 day before 2026-05-31"
    report = FADING.evaluate([{"region": "UK", "days_since_page_views": 2.5}])[0]
    assert {hit.id: report.text(hit) for hit in report.hits}["it"] == "Seen 2.5 days before unknown"


def test_a_rule_has_a_keeper() -> None:
    """Who answers for it; in routing `owner` is somebody else."""
    book = with_rule("owner: ann")
    assert {rule.id: rule.kept_by for rule in book.rules()}["it"] == "ann"
    routing = FILES["routing.yaml"].replace(
        "    owner: senior-rep-uk", "    kept_by: ann\n    owner: senior-rep-uk"
    )
    kept = {
        rule.id: rule.kept_by for rule in load_catalog({**FILES, "routing.yaml": routing}).rules()
    }
    assert kept["enterprise_uk"] == "ann"
