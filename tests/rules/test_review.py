"""What no lead can do is told before anybody publishes it, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from review_bench import FILES, NOW, asked, either, found, with_rule

from core.clock import DAY
from core.errors import DefinitionError
from rules import check_catalog, load_catalog
from rules.review import warnings
from serving.commands.rules import rules

Edit = Callable[[str, str, str], dict[str, str]]


@pytest.mark.parametrize(
    "said",
    [
        ("sessions_7d above 5", "sessions_7d below 3"),
        ("sessions_7d above 5", "sessions_7d at_most 5"),
        ("sessions_7d above 5", "not sessions_7d above 2"),
        ("region is UK", "region is US"),
        ("region in [UK, US]", "region not_in [US, UK, FR]"),
        ("region is UK", "region is_missing"),
        ("region is UK", "not region is UK"),
        ("title is Clerk", "title contains vp"),
        ("title contains vp", "not title contains vp"),
        ("days_since_page_views before 2026-01-01", "not days_since_page_views before 2026-01-01"),
        ("as_of before 2026-01-02", "as_of after 2026-01-01"),
    ],
)
def test_a_rule_that_nobody_can_hit_is_a_problem(said: tuple[str, ...]) -> None:
    """It looks published and is dead."""
    when, fact = asked(*said), said[0].split()[0]
    line = FILES["fit.yaml"].count("\n") + 2
    told, warned = found(with_rule(when))
    assert told == [
        f"fit.yaml:{line}: `it` can never hit: no value is all that it asks of `{fact}`"
    ]
    assert warned == []
    with pytest.raises(DefinitionError, match="has 1 problem"):
        check_catalog(with_rule(when))


@pytest.mark.parametrize(
    "said",
    [
        ("as_of after 2026-01-01",),
        ("as_of after 2026-01-01", "as_of before 2026-01-03"),
        ("days_since_page_views after 2026-01-01",),
        ("sessions_7d above 5", "sessions_7d below 6"),
        ("region is_not UK", "region not_in [US, FR]"),
        ("title contains vp", "title is VP Finance"),
        ("not region is UK", "not region is_missing"),
    ],
)
def test_a_rule_that_somebody_can_hit_is_none(said: tuple[str, ...]) -> None:
    """Narrow is not impossible."""
    assert found(with_rule(asked(*said))) == ([], [])


def test_no_branch_of_a_rule_that_nobody_can_hit_is_possible() -> None:
    """A choice between two dead ends is one."""
    none = either(asked("sessions_7d is 1"), asked("sessions_7d is 2"))
    told, _ = found(with_rule(f"{{all: [{asked('sessions_7d above 5')}, {none}]}}"))
    assert len(told) == 1


def told_at_once(files: dict[str, str]) -> list[str]:
    with pytest.raises(DefinitionError) as wrong:
        check_catalog(files)
    assert "more may be found once these are mended" in wrong.value.do
    return [one.message for one in wrong.value.problems]


def test_what_cannot_be_read_holds_back_nothing_that_is_said_of_one_rule() -> None:
    """Mend one, learn of the next: that is what `check` promises not to do."""
    dead = with_rule(asked("sessions_7d above 5", "sessions_7d below 3"))
    broken = {**dead, "intent.yaml": dead["intent.yaml"].replace("op: ", "op: not_", 1)}
    everybody = either(asked("region is_missing"), asked("not region is_missing"))
    rule = f"""
  - id: all_of_them
    text: All
    when: {everybody}
    examples: {{hit: [{{}}], miss: [{{}}]}}
"""
    broken["negative.yaml"] += rule
    unread, never, always = told_at_once(broken)
    assert "unknown op" in unread
    assert "`it` can never hit" in never
    assert "`all_of_them` always hits" in always


@pytest.mark.parametrize(
    "when",
    [
        either(asked("region is Atlantis", "region is UK"), asked("regiun is UK")),
        either(asked("region is Atlantis", "region is UK"), "{segment: nowhere}"),
    ],
)
def test_of_a_condition_that_is_half_read_only_that_is_said(when: str) -> None:
    """The half that is lost may be the one that hits."""
    (told,) = told_at_once(with_rule(when))
    assert "unknown" in told


def test_without_the_lists_and_segments_no_rule_is_judged() -> None:
    """Rules that use a broken segment would be judged by the rest of their words."""
    segments = FILES["segments.yaml"].replace("value: c_suite", "value: 7", 1)
    assert segments != FILES["segments.yaml"]
    dead = with_rule(asked("sessions_7d above 5", "sessions_7d below 3"))
    assert not [one for one in told_at_once({**dead, "segments.yaml": segments}) if "never" in one]


@pytest.mark.parametrize(
    "when",
    [
        either(asked("lead_age_days above 1"), asked("lead_age_days at_most 1"),
               asked("lead_age_days is_missing")),
        either(asked("region is_missing"), asked("not region is_missing")),
        either(asked("region is_missing"), asked("region is UK"), asked("region is_not UK")),
    ],
)  # fmt: skip
def test_a_rule_that_everybody_hits_is_a_warning(when: str) -> None:
    """A constant is seldom what was meant; missing facts are thought of."""
    told, warned = found(with_rule(when))
    assert told == []
    assert len(warned) == 1
    assert "`it` always hits" in warned[0]


def test_to_suppress_everybody_is_a_problem(edit: Edit) -> None:
    """Nobody would hear of any lead again."""
    old = "when: {segment: customer}"
    always = "when: {any: [{fact: region, op: is_missing}, {not: {fact: region, op: is_missing}}]}"
    told, _ = found(edit("negative.yaml", old, always))
    assert any("`customer` always hits" in one for one in told)


def test_what_can_be_missing_does_not_always_hit() -> None:
    """`x or not x` leaves out those of whom nothing is known."""
    when = "{any: [{fact: region, op: is, value: UK}, {fact: region, op: is_not, value: UK}]}"
    assert found(with_rule(when)) == ([], [])


def test_caps_groups_grades_and_dates_are_warned_of(files: dict[str, str]) -> None:
    """They do no harm, and hardly anybody means them."""
    fit = files["fit.yaml"].replace("person: 40", "person: 99\n  nobody: 5").replace(
        "A: 90", "A: 100"
    ).replace("company: 60", "company: 30")  # fmt: skip
    fit = fit.replace("points: 20\n", "points: 20\n    until: 2026-04-30\n", 1)
    _, warned = found({**files, "fit.yaml": fit})
    assert "fit.yaml:12: group `nobody` has no rule" in warned
    assert any(
        one.startswith("fit.yaml:11: group `person` can never reach its cap of 99")
        for one in warned
    )
    assert any(
        "grade A asks for 100 points, and the rules give 90 at most" in one for one in warned
    )
    assert any("is over: its `until` was 2026-04-30" in one for one in warned)
    assert not any("over" in str(one) for one in warnings(load_catalog(files), NOW - DAY))


def test_the_shipped_catalog_has_nothing_to_warn_of() -> None:
    """Whoever checks their first edit should see what that edit brought."""
    book = check_catalog(FILES)
    assert warnings(book, NOW) == []


def test_check_prints_warnings_and_ends_with_0(tmp_path: Path, edit: Edit) -> None:
    """Problems stop an edit; warnings are for its author."""
    for name, text in edit("fit.yaml", "person: 40", "person: 99").items():
        (tmp_path / name).write_text(text)
    plain = CliRunner().invoke(rules, ["check", "--draft", str(tmp_path)])
    assert plain.exit_code == 0
    assert "warning: fit.yaml:11: group `person`" in plain.output
    told = json.loads(
        CliRunner().invoke(rules, ["check", "--draft", str(tmp_path), "--json"]).output
    )
    assert [one["path"] for one in told["warnings"]] == ["fit.yaml:11"]
