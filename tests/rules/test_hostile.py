"""Catalogs written by enemies, or by accident: refused with reasons, quickly, and nothing runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DefinitionError
from rules import load_catalog, read_catalog
from rules.language.reading import LONGEST, MOST_TOLD

Find = Callable[[dict[str, str]], list[str]]

FILES = read_catalog()


def rule(when: str = "{fact: region, op: is, value: UK}", **said: str) -> dict[str, str]:
    """The shipped catalog with one rule more."""
    fields = {"id": "it", "group": "company", "points": "1", "text": "It", "when": when} | said
    fields.setdefault("examples", "{hit: [{}], miss: [{}]}")
    lines = "\n    ".join(f"{name}: {value}" for name, value in fields.items())
    return {**FILES, "fit.yaml": f"{FILES['fit.yaml']}\n  - {lines}\n"}


def named(text: str) -> dict[str, str]:
    """The shipped catalog with these segments more."""
    return {**FILES, "segments.yaml": FILES["segments.yaml"] + text}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  a: {segment: a}", "in a circle: `a` → `a`"),
        ("  a: {segment: b}\n  b: {not: {segment: a}}", "in a circle: `a` → `b` → `a`"),
        ("  a: {segment: b}\n  b: {all: [{segment: c}]}\n  c: {segment: b}", "`b` → `c` → `b`"),
        ("  a: {all: [{segment: a}, {segment: b}]}\n  b: {segment: a}", "`a` → `b` → `a`"),
        ("  a: {segment: nobody}", "unknown segment `nobody`"),
        ("  a: {segment: custmer}", "did you mean `customer`?"),
        ("  a: {segment: [b]}", "`segment` has to be a word"),
        ("  a: {fact: region, op: in, value: {list: buyer_role}}", "did you mean `buyer_roles`?"),
        ("  a: {fact: calls_7d, op: in, value: {list: buyer_roles}}", "the fact is a number"),
        ("  a: {fact: region, op: is, value: {list: buyer_roles}}", "`is` takes no list"),
        ("  a: {fact: region, op: in, value: {list: buyer_roles, x: 1}}", "unknown key `x`"),
        ("  A b: {segment: customer}", "lower case letters"),
    ],
)  # fmt: skip
def test_segments_that_make_no_sense_are_refused(problems: Find, text: str, told: str) -> None:
    """A circle is told with everybody in it, once."""
    found = problems(named(text))
    assert sum(told in one for one in found) == 1, found
    assert all(one.startswith("segments.yaml:") for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "#" * 1_000_001,
        "lists: [",
        "- lists",
        "",
        FILES["segments.yaml"].replace("lists:", "list:").replace("segments:", "segment:"),
        "lists: none\nsegments: none",
    ],
    ids=["large", "no YAML", "a list", "empty", "other keys", "no names"],
)
def test_segments_that_cannot_be_read_are_the_only_problem(problems: Find, text: str) -> None:
    """Fourteen rules that use their names rightly would hide the one line to mend."""
    found = problems({**FILES, "segments.yaml": text})
    assert found
    assert all(one.startswith("segments.yaml:") for one in found)


def test_a_name_that_nobody_declares_is_told_beside_other_mistakes(problems: Find) -> None:
    """Only what cannot be read may declare anything."""
    found = problems(named("  a: {segment: nobody}\n  b: {fact: regiom, op: is, value: UK}"))
    assert sum("unknown segment `nobody`" in one for one in found) == 1
    assert "unknown segment `customer`" in " ".join(problems(rule("{segment: customer}") | {
        "segments.yaml": "segments: {one: {fact: region, op: is_missing}}"
    }))  # fmt: skip


def test_segments_may_stand_in_any_order(problems: Find) -> None:
    """Who uses what is worked out, not prescribed."""
    assert problems(named("  a: {segment: b}\n  b: {segment: c}\n  c: {segment: customer}")) == []


def test_segments_of_segments_do_not_grow_without_end(problems: Find) -> None:
    """Forty doublings are a million million comparisons."""
    doubled = "".join(
        f"  s{at + 1}: {{all: [{{segment: s{at}}}, {{segment: s{at}}}]}}\n" for at in range(40)
    )
    found = problems(named("  s0: {segment: customer}\n" + doubled))
    assert any("at most 1000 comparisons" in one for one in found)
    chained = "".join(f"  s{at + 1}: {{segment: s{at}}}\n" for at in range(400))
    assert any(
        "100 levels" in one for one in problems(named("  s0: {segment: customer}\n" + chained))
    )


def test_a_segment_that_asks_for_what_only_routing_knows_is_refused_elsewhere(
    problems: Find,
) -> None:
    """The band comes out of the score: no fit rule can ask for it, by no way round."""
    files = named("  burning: {fact: band, op: is, value: hot}")
    files["fit.yaml"] = rule("{segment: burning}")["fit.yaml"]
    assert any("`band` is known only after scoring" in one for one in problems(files))
    routed = named("  burning: {fact: band, op: is, value: hot}")
    routed["routing.yaml"] = routed["routing.yaml"].replace(
        "{segment: high_value}", "{segment: burning}"
    )
    assert problems(routed) == []


@pytest.mark.parametrize(
    ("op", "value", "told"),
    [
        ("matches", "'(a{1000}){1000}'", "cannot use this pattern"),
        ("matches", r"'[\p{L}]{500}'", "cannot use this pattern: pattern too large"),
        ("matches", "'(?P<x'", "cannot use this pattern"),
        ("matches", "'a(?=b)'", "cannot use this pattern"),
        ("matches", r"'(a)\1'", "cannot use this pattern"),
        ("matches", "'" + "a" * 501 + "'", "at most 500 characters"),
        ("contains", "'" + "a" * 201 + "'", "at most 200 characters"),
        ("starts_with", "'" + "a" * 100_000 + "'", "at most 200 characters"),
        ("domain", "nodot", "is no domain"),
        ("domain", "'*.evil.example'", "is no domain"),
        ("domain", "'(a|b)+.example'", "is no domain"),
        ("domain", "[]", "is no domain|has to be a word"),
        ("in", "[]", "not an empty list"),
        ("is", '"\\u202Egnp.KU"', "invisible character U+202E"),
        ("is", '"U\\u200BK"', "invisible character U+200B"),
        ("is", '"\\e[2J"', "invisible character U+001B"),
    ],
)
def test_a_hostile_value_is_refused(problems: Find, op: str, value: str, told: str) -> None:
    """RE2 bounds what a pattern costs, and what makes words look like others is named."""
    found = problems(rule(f"{{fact: title, op: {op}, value: {value}}}"))
    assert any(part in one for part in told.split("|") for one in found), found
    assert all(len(one) <= LONGEST + 100 for one in found)


@pytest.mark.parametrize(
    "number", [".nan", ".inf", "-.inf", "NaN", "1e999", "9" * 20, "0x10", "1_0"]
)
def test_what_is_no_plain_number_is_none(problems: Find, number: str) -> None:
    """No rule compares with infinity by a slip of notation."""
    found = problems(rule(f"{{fact: sessions_7d, op: at_least, value: {number}}}"))
    assert any("has to be a number from" in one for one in found)


@pytest.mark.parametrize("name", ['"it\\u202E"', '"it\\0"', "IT", "it-is", "1t", "i" * 65, "it es"])
def test_ids_are_plain(problems: Find, name: str) -> None:
    """An id is printed, compared, and stands in every score."""
    assert any("`id` has to be lower case letters" in one for one in problems(rule(id=name)))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"text": '"\\u202Etxt"'}, "invisible character U+202E"),
        ({"text": "x" * 201}, "at most 200 characters"),
        ({"text": '"{' + "y" * 190 + '}"'}, "unknown fact"),
        ({"from": "2026-02-30"}, "`from` has to be a date"),
        ({"from": "yesterday"}, "`from` has to be a date"),
        ({"from": "2026-02-02", "until": "2026-02-01"}, "`until` lies before `from`"),
        ({"until": "99999-01-01"}, "`until` has to be a date"),
        ({"owner": "[a]"}, "`owner` has to be a word"),
        ({"decay": "{fact: sessions_7d, half_life: 7d}"}, "it is a number, not an age"),
        ({"decay": "{fact: days_since_page_views, half_life: 0d}"}, "longer than 0"),
        ({"decay": "{fact: days_since_page_views}"}, "lacks `half_life`"),
        ({"decay": "7d"}, "has to be a mapping"),
        ({"points": "1e3"}, "has to be a whole number"),
        ({"points": "true"}, "has to be a whole number"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(
    problems: Find, said: dict[str, str], told: str
) -> None:
    """Every field of a rule has one form."""
    found = problems(rule(**said))
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("{fact: region, op: within_days, value: 3}", "it is a word, which takes is, is_not"),
        ("{fact: sessions_7d, op: within_days, value: 3}", "it is a number, which takes"),
        ("{fact: sessions_7d, op: before, value: 2026-01-01}", "it is a number"),
        ("{fact: as_of, op: at_least, value: 3}", "it is a moment, which takes before, after"),
        ("{fact: as_of, op: before, value: 3}", "has to be a date such as"),
        ("{fact: days_since_page_views, op: within_days, value: -1}", "a number from 0"),
        ("{fact: days_since_page_views, op: after, value: 2026-1-1}", "has to be a date such as"),
        ("{fact: region, op: ends_with, value: x}", "did you mean `domain`?"),
        ("{fact: region, op: Equals, value: x}", "did you mean `is`?"),
    ],
)
def test_a_kind_of_fact_takes_its_own_operators(problems: Find, when: str, told: str) -> None:
    """And the message says which those are."""
    found = problems(rule(when))
    assert any(told in one for one in found), found


def test_large_catalogs_are_bounded(problems: Find) -> None:
    """100,000 rules are refused before anybody compiles them."""
    rows = "".join(f"r{at},t,1,company,UK\n" for at in range(40_000))
    found = problems({**FILES, "fit.csv": "id,text,points,group,region\n" + rows})
    assert found == ["fit.csv:1: has more than 2000 rows"]
    found = problems({**FILES, "account.yaml": "mqa:\n" + "- {}\n" * 100_000})
    assert any("has more than 2000 rules" in one for one in found)
    for name in ("fit.yaml", "fit.csv", "segments.yaml"):
        told = problems({**FILES, name: "x" * 10_000_000})
        assert f"{name}:1: is larger than 1 MB: split or shorten it" in told


def test_many_patterns_are_bounded(problems: Find) -> None:
    """Each may take half a megabyte of memory, in every process."""
    many = ", ".join(f"{{fact: title, op: matches, value: 'a{at}'}}" for at in range(300))
    found = problems(rule(f"{{any: [{many}]}}"))
    assert sum("at most 200 patterns" in one for one in found) == 1


def test_a_flood_of_problems_is_told_by_its_beginning(problems: Find) -> None:
    """Nobody reads ten thousand lines, and no terminal should have to."""
    found = problems({**FILES, "account.yaml": "mqa:\n" + "- {}\n" * 1_500})
    assert len(found) == MOST_TOLD + 1
    assert found[-1] == f"account.yaml: and {4 * 1_500 - MOST_TOLD} problems more"


def test_a_message_commands_no_terminal(problems: Find) -> None:
    """What an author wrote is shown, not obeyed."""
    found = problems(rule('{fact: region, op: is, "\\e[31mvalue\\nfit.yaml:1: fine": UK}'))
    assert any("<U+001B>[31mvalue<U+000A>" in one for one in found)
    assert not any(ord(letter) < 32 for one in found for letter in one)


def test_a_deep_file_is_refused_and_not_followed(problems: Find) -> None:
    """Neither the parser nor the reader recurses as deep as an author likes."""
    for text in ("[" * 100_000, "{a: " * 100_000, "- " * 100_000):
        found = problems({**FILES, "account.yaml": text})
        assert any("nested deeper than 40" in one or "is not YAML" in one for one in found)


def test_lists_and_names_are_bounded(problems: Find) -> None:
    """A list is walked by every rule that uses it."""
    items = ", ".join(f"w{at}" for at in range(1001))
    found = problems({**FILES, "segments.yaml": f"lists: {{a: [{items}]}}"})
    assert any("more than 1000 items" in one for one in found)
    names = "".join(f"  s{at}: {{fact: region, op: is, value: UK}}\n" for at in range(501))
    assert any("at most 500 names" in one for one in problems(named(names)))


@settings(max_examples=40)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 12_000), st.text(max_size=6))
def test_no_damage_to_a_catalog_gets_past_the_check_by_surprise(
    name: str, at: int, inserted: str
) -> None:
    """Whatever is put anywhere: a rulebook, or one DefinitionError that names a place."""
    text = FILES[name]
    try:
        load_catalog({**FILES, name: text[: at % len(text)] + inserted + text[at % len(text) :]})
    except DefinitionError as wrong:
        places = [problem.path for problem in wrong.problems]
        assert places
        assert all(places)
