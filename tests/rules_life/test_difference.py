"""What an author changed, told rule by rule."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.life import diff
from rules.life.difference import unified
from rules.life.telling import lines
from tests.rules_life.small import SMALL


def with_edit(name: str, old: str, new: str) -> dict[str, str]:
    assert old in SMALL[name]
    return {**SMALL, name: SMALL[name].replace(old, new, 1)}


def told(after: dict[str, str]) -> list[str]:
    return [line.strip() for line in lines(diff(SMALL, after))]


def test_the_same_catalog_has_no_difference() -> None:
    """And says so."""
    assert diff(SMALL, dict(SMALL)).same
    assert told(dict(SMALL)) == ["no difference"]


def test_comments_are_no_change_but_are_named() -> None:
    """The files differ, so there is a version; nobody is scored otherwise."""
    found = diff(SMALL, with_edit("fit.yaml", "rules:", "# our rules\nrules:"))

    assert found.changes == ()
    assert found.summary() == "only comments or layout of fit.yaml"


def test_points_and_conditions_are_told_before_and_after() -> None:
    """What RevOps asks first."""
    points = told(with_edit("fit.yaml", "points: 20", "points: 30"))
    assert points == [
        "fit.yaml", "~ target_industry: points 20 → 30", "1 rule changed (target_industry)",
    ]  # fmt: skip
    region = told(with_edit("fit.yaml", "[US, UK]", "[US, UK, DE]"))
    assert "~ target_region: when region in [US, UK] → region in [US, UK, DE]" in region


def test_a_setting_is_told_by_its_place() -> None:
    """Thresholds and weights move everybody."""
    after = with_edit("priority.yaml", "enter: 55", "enter: 60")

    assert told(after)[1] == "~ bands.hot.enter: 55 → 60"


def route(name: str) -> str:
    """The text of one route."""
    text = SMALL["routing.yaml"]
    start = text.index(f"  - id: {name}\n")
    end = text.find("  - id:", start + 5)
    return text[start : end if end > 0 else text.index("default:", start)]


def test_a_moved_route_is_told_alone() -> None:
    """In a first-match table the order is the rule; those that only made room are not named."""
    block = route("territory_uk")
    without = SMALL["routing.yaml"].replace(block, "")
    at = without.index("  - id:")
    found = diff(SMALL, {**SMALL, "routing.yaml": without[:at] + block + without[at:]})

    (change,) = found.changes
    assert (change.kind, change.name) == ("moved", "territory_uk")
    assert change.fields[0].after == "first"


def test_a_new_and_a_dropped_rule_are_told_with_what_they_say() -> None:
    """One line each: text, points, condition."""
    block = route("known_owner")
    after = {**SMALL, "routing.yaml": SMALL["routing.yaml"].replace(block, "")}

    assert any(line.startswith("− known_owner") for line in told(after))
    back = [line.strip() for line in lines(diff(after, SMALL))]
    assert any(line.startswith("+ known_owner “") for line in back)


def test_a_rule_that_went_to_another_file_stays_one_rule() -> None:
    """Removed here and added there would hide that it is the same."""
    fit = "rules:\n  - {id: a, points: 1}\n  - {id: b, points: 1}\n"
    before = {"fit.yaml": fit, "intent.yaml": "rules:\n  - {id: c, points: 1}\n"}
    after = {
        "fit.yaml": "rules:\n  - {id: b, points: 1}\n",
        "intent.yaml": "rules:\n  - {id: c, points: 1}\n  - {id: a, points: 1}\n",
    }

    (change,) = diff(before, after).changes
    assert (change.name, change.kind) == ("a", "changed")
    assert [(one.name, one.before, one.after) for one in change.fields] == [
        ("file", "fit.yaml", "intent.yaml")
    ]


def test_a_decision_table_is_told_row_by_row() -> None:
    """Spreadsheet people edit cells."""
    before = {"fit.csv": "id;text;points;region\na;A;10;UK\nb;B;5;US\n"}
    after = {"fit.csv": "\ufeffid;text;points;region\r\na;A;12;UK\r\nb;B;5;US\r\n"}

    (change,) = diff(before, after).changes
    assert (change.name, change.line) == ("a", 2)
    assert [(one.name, one.before, one.after) for one in change.fields] == [("points", "10", "12")]


def test_a_file_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    """A draft may be looked at while it is being written."""
    after = {**with_edit("fit.yaml", "points: 20", "points: 30"), "intent.yaml": "rules: ["}

    names = {(one.what, one.file, one.name) for one in diff(SMALL, after).changes}
    assert ("file", "intent.yaml", "") in names
    assert ("rule", "fit.yaml", "target_industry") in names


def test_a_file_more_or_less_is_told() -> None:
    """Segments may come and go."""
    after = {**SMALL, "more.yaml": "lists: {x: [a]}\n"}

    assert ("added", "file") in {(one.kind, one.what) for one in diff(SMALL, after).changes}
    assert ("removed", "file") in {(one.kind, one.what) for one in diff(after, SMALL).changes}


def test_the_text_is_shown_as_programmers_know_it() -> None:
    """For a review in git's words."""
    shown = unified(SMALL, with_edit("fit.yaml", "points: 20", "points: 30"))
    assert "--- before/fit.yaml" in shown
    assert "-    points: 20\n+    points: 30" in shown


@given(
    before=st.dictionaries(st.sampled_from(["fit.yaml", "x.csv"]), st.text(max_size=60)),
    after=st.dictionaries(st.sampled_from(["fit.yaml", "x.csv"]), st.text(max_size=60)),
)
def test_nothing_that_somebody_writes_breaks_it(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """It runs before any check; and it tells a difference exactly when there is one."""
    found = diff(before, after)
    assert found.same == (before == after)
    assert lines(found)


ENTRY = st.builds(
    "  - {{id: {0}, points: {1}}}".format,
    st.sampled_from(string.ascii_lowercase[:6]),
    st.integers(1, 3),
)


@given(st.lists(ENTRY, min_size=1, max_size=6), st.lists(ENTRY, min_size=1, max_size=6))
def test_different_rules_are_never_told_as_comments(old: list[str], new: list[str]) -> None:
    """Points, order, ids used twice: whatever is asked otherwise is a change."""
    before, after = ({"fit.yaml": "\n".join(["rules:", *entries])} for entries in (old, new))
    found = diff(before, after)
    assert bool(found.changes) == (old != new)


@pytest.mark.parametrize("name", ["points", "text"])
def test_a_field_that_is_new_or_gone_is_told_so(name: str) -> None:
    """“Not there” is no value."""
    with_it = {"fit.yaml": f"rules:\n  - {{id: a, when: x, {name}: y}}\n"}
    without = {"fit.yaml": "rules:\n  - {id: a, when: x}\n"}
    assert f"~ a: {name} y (new)" in [one.strip() for one in lines(diff(without, with_it))]
    assert f"~ a: {name} y → gone" in [one.strip() for one in lines(diff(with_it, without))]
