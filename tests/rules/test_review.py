"""What no lead can do is told before anybody publishes it, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, reject
from hypothesis import strategies as st
from random_rules import CONDITIONS, LEADS

from core.clock import DAY, from_iso
from core.errors import DefinitionError
from rules import Facts, check_catalog, load_catalog, read_catalog, review
from rules.language.cases import Want, both, cases, possible
from rules.language.conditions import AllOf, Compare, Condition
from rules.language.rows import compile_row
from rules.review import problems as find_problems
from rules.review import warnings
from serving.commands.rules import rules

Edit = Callable[[str, str, str], dict[str, str]]

FILES = read_catalog()
BOOK = load_catalog(FILES)
NOW = from_iso("2026-05-01")


def with_rule(when: str, more: str = "") -> dict[str, str]:
    rule = f"""
  - id: it
    group: company
    points: 1
    text: It
    {more}
    when: {when}
    examples: {{hit: [{{}}], miss: [{{}}]}}
"""
    return {**FILES, "fit.yaml": FILES["fit.yaml"] + rule}


def found(files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Problems and warnings that the shipped catalog has not."""
    book, shipped = load_catalog(files), load_catalog(FILES)
    known = {*find_problems(shipped), *warnings(shipped, NOW)}
    return (
        [str(one) for one in find_problems(book) if one not in known],
        [str(one) for one in warnings(book, NOW) if one not in known],
    )


def asked(*said: str) -> str:
    """`region is UK` → a comparison, `not …` its opposite, several of them → all of them."""
    made = []
    for one in said:
        fact, op, *value = one.removeprefix("not ").split(" ", 2)
        given = f", value: {value[0]}" if value else ""
        comparison = f"{{fact: {fact}, op: {op}{given}}}"
        made.append(f"{{not: {comparison}}}" if one.startswith("not ") else comparison)
    return made[0] if len(made) == 1 else f"{{all: [{', '.join(made)}]}}"


def either(*parts: str) -> str:
    return f"{{any: [{', '.join(parts)}]}}"


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


TABLE = "id,text,owner,destinations,respond_within,region,seniority,pricing_views_7d,from,until\n"


@pytest.mark.parametrize(
    ("above", "below", "shadowed"),
    [
        ("DE,,,,", "DE,vp,,,", True),
        ("DE; AT,,,,", "AT,,,,", True),
        (",,>= 3,,", "DE,,5..9,,", True),
        ("not US,,,,", "DE; AT,,,,", True),
        ("known,,,,", "DE,,,,", True),
        ("DE,,,,", "DE; AT,,,,", False),
        ("DE,vp,,,", "DE,,,,", False),
        (",,>= 3,,", ",,>= 2,,", False),
        ("not US,,,,", "missing,,,,", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,,", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,2026-01-05,2026-02-02", False),
        ("DE,,,2026-01-06,2026-02-01", "DE,vp,,2026-01-05,2026-02-01", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,2026-01-05,2026-02-01", True),
    ],
)
def test_a_route_in_the_shadow_of_another_is_a_problem(
    above: str, below: str, shadowed: bool
) -> None:
    """First match: it would never have its turn, whatever its examples say."""
    rows = "".join(f"{name},t,rep,console,1h,{row}\n" for name, row in (("a", above), ("b", below)))
    told, _ = found({**FILES, "routing.csv": TABLE + rows})
    expected = "routing.csv:3: `b` never has its turn: `a` (routing.csv:2) holds wherever it does"
    assert told == ([expected] if shadowed else [])


UK, HIGH = "{fact: region, op: is, value: UK}", "{segment: high_value}"


@pytest.mark.parametrize(
    ("condition", "shadowed"),
    [
        (asked("region is US", "employee_band is 2000+"), True),
        (asked("region is US", "seniority is c_suite"), True),
        (asked("region is US", "employee_band is 200-499"), False),
        (asked("region is US", "seniority is vp"), False),
        (asked("employee_band is 2000+"), False),
    ],
)
def test_a_choice_hides_what_reads_one_of_its_facts(
    edit: Edit, condition: str, shadowed: bool
) -> None:
    """`enterprise_us` asks for 2000+ people or for the C-suite, by way of a segment."""
    two = f"all:\n        - {UK}\n        - {HIGH}\n"
    files = edit("routing.yaml", f"when:\n      {two}", f"when: {condition}\n")
    told, _ = found(files)
    hidden = "`enterprise_uk` never has its turn: `enterprise_us`"
    assert [hidden in one for one in told] == ([True] if shadowed else [])


@given(CONDITIONS, CONDITIONS, LEADS)
def test_no_route_is_called_hidden_that_has_its_turn(
    first: Condition, second: Condition, lead: Facts
) -> None:
    """The whole look, with what it passes over for speed: nothing is told that is not so."""
    if truth_of(second, lead) is True and truth_of(first, lead) is not True:
        rules = [
            (target[0]._replace(when=when), target[1])
            for target, when in zip(BOOK.routing.rules[:2], (first, second), strict=True)
        ]
        book = replace(BOOK, routing=BOOK.routing._replace(rules=tuple(rules)))
        assert not [one for one in find_problems(book) if "its turn" in one.message]


@given(CONDITIONS, CONDITIONS)
def test_what_is_passed_over_for_speed_hides_nothing(first: Condition, second: Condition) -> None:
    """A quick look that is wrong would hide a shadow from the author."""
    rule = BOOK.routing.rules[0][0]
    try:
        one, two = (review._route(rule._replace(when=when)) for when in (first, second))
    except OverflowError:
        reject()
    if not one.may_hide(two):
        assert not review._implies(two, one)


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


def test_many_routes_are_looked_at_as_far_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the author hears where it ended."""
    monkeypatch.setattr(review, "MOST_PAIRS", 100)
    rows = "".join(f"r{at},t,rep,console,1h,C{at},vp,>= 3,,\n" for at in range(30))
    told, warned = found({**FILES, "routing.csv": TABLE + rows})
    assert told == []
    assert len(warned) == 1
    assert "were looked at for shadows" in warned[0]


def truth_of(condition: Condition, lead: Facts) -> bool | None:
    """An age of 10^300 days is no moment: such a rule fails for such a lead, and says nothing."""
    try:
        return compile_row(condition)(lead)
    except OverflowError:
        reject()


@given(CONDITIONS, LEADS)
def test_nothing_is_called_impossible_that_happens(condition: Condition, lead: Facts) -> None:
    """However odd the rule and the lead: the review never contradicts the rule itself."""
    truth = truth_of(condition, lead)
    wanted: dict[bool | None, tuple[Want, Want]] = {
        True: (Want.TRUE, Want.NOT_FALSE),
        False: (Want.FALSE, Want.NOT_TRUE),
    }
    for want in wanted.get(truth, (Want.NOT_TRUE, Want.NOT_FALSE)):
        assert possible(cases(condition, want))


@given(CONDITIONS, CONDITIONS, LEADS)
def test_no_rule_is_called_a_shadow_that_is_none(
    first: Condition, second: Condition, lead: Facts
) -> None:
    """Where the second holds and the first does not, the first does not imply it."""
    if truth_of(second, lead) is True and truth_of(first, lead) is not True:
        together = both([cases(second, Want.TRUE), cases(first, Want.NOT_TRUE)])
        assert possible(together)


@given(CONDITIONS)
def test_a_condition_and_its_opposite_are_found_out(condition: Condition) -> None:
    """Some power beside the soundness: nothing is true and not true."""
    true, not_true = cases(condition, Want.TRUE), cases(condition, Want.NOT_TRUE)
    assert not possible(both([true, not_true]))


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


SMALL = st.integers(0, 4)


@given(SMALL, SMALL, SMALL)
def test_ranges_are_judged_exactly(low: int, high: int, out: int) -> None:
    """Of one number, everything that is impossible is found."""
    when = AllOf(
        (
            Compare("sessions_7d", "above", low),
            Compare("sessions_7d", "at_most", high),
            Compare("sessions_7d", "is_not", out),
        )
    )
    assert bool(possible(cases(when, Want.TRUE))) is (low < high)


def test_a_route_to_a_kind_that_there_is_not_is_refused(edit: Edit) -> None:
    """A slip there is found when a hot lead's signal never arrives; the last resort's as well."""
    files = edit("routing.yaml", '"slack:#hot-leads"', '"slakc:#hot-leads"')
    head, mark, tail = files["routing.yaml"].partition("\ndefault:")
    files["routing.yaml"] = head + mark + tail.replace('"webhook:crm"', '"pager:crm"')
    assert found(files)[0] == [
        (
            f"routing.yaml:{_line(files, 'enterprise_us')}: `enterprise_us` sends to"
            " `slakc:#hot-leads`: there is no kind `slakc`; did you mean `slack`?"
        ),
        (
            f"routing.yaml:{_line(files, 'everyone_else')}: `everyone_else` sends to `pager:crm`:"
            " there is no kind `pager`; there are console, slack, webhook"
        ),
    ]
    with pytest.raises(DefinitionError) as wrong:
        check_catalog({**files, "segments.yaml": "["})
    assert sum("no kind" in one.message for one in wrong.value.problems) == 2


def _line(files: dict[str, str], name: str) -> int:
    return files["routing.yaml"].split(f"id: {name}")[0].count("\n") + 1
