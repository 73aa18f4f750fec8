"""Decision tables: what a spreadsheet saves means what the same rules in YAML mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DefinitionError
from rules import Rulebook, load_catalog, read_catalog, run_examples
from rules.declaration import Rule
from rules.language.operators import SIGNS

Find = Callable[[dict[str, str]], list[str]]

FILES = read_catalog()
SEGMENTS = (
    FILES["segments.yaml"].replace("lists:", "lists:\n  regions: [UK, US]", 1)
    + "  abroad: {fact: region, op: not_in, value: {list: regions}}\n"
)


def load(name: str, text: str) -> Rulebook:
    return load_catalog({**FILES, "segments.yaml": SEGMENTS, name: text})


def rules_of(book: Rulebook, name: str) -> dict[str, Rule]:
    return {rule.id: rule for rule in book.rules() if rule.file == name}


def one_cell(fact: str, cell: str, **more: str) -> Rule:
    """The rule of a table with one row and one fact."""
    row = {"id": "it", "text": "It", "points": "1", "group": "company", fact: cell, **more}
    out = io.StringIO()
    writer = csv.DictWriter(out, row)
    writer.writeheader()
    writer.writerow(row)
    return rules_of(load("fit.csv", out.getvalue()), "fit.csv")["it"]


def in_yaml(condition: str) -> Rule:
    """The same as a rule in YAML."""
    rule = f"""
  - id: it
    group: company
    points: 1
    text: It
    when: {condition}
    examples: {{hit: [{{}}], miss: [{{}}]}}
"""
    book = load_catalog({**FILES, "segments.yaml": SEGMENTS, "fit.yaml": FILES["fit.yaml"] + rule})
    return rules_of(book, "fit.yaml")["it"]


@pytest.mark.parametrize(
    ("fact", "cell", "same"),
    [
        ("pricing_views_7d", ">= 3", "op: at_least, value: 3"),
        ("pricing_views_7d", "≥3", "op: at_least, value: 3"),
        ("pricing_views_7d", "<3", "op: below, value: 3"),
        ("pricing_views_7d", "= 3", "op: is, value: 3"),
        ("pricing_views_7d", "3", "op: is, value: 3"),
        ("pricing_views_7d", "!= 3", "op: is_not, value: 3"),
        ("pricing_views_7d", "1..5", "op: between, value: [1, 5]"),
        ("engagements_trend", "0.5 .. 1.5", "op: between, value: [0.5, 1.5]"),
        ("pricing_views_7d", "1; 2", "op: in, value: [1, 2]"),
        ("days_since_page_views", "within_days 7", "op: within_days, value: 7"),
        ("region", "UK", "op: is, value: UK"),
        ("region", "UK; US", "op: in, value: [UK, US]"),
        ("region", "not UK", "op: is_not, value: UK"),
        ("region", "not UK;US;", "op: not_in, value: [UK, US]"),
        ("region", "list:regions", "op: in, value: {list: regions}"),
        ("region", "not list: regions", "op: not_in, value: {list: regions}"),
        ("employee_band", "10-49", 'op: is, value: "10-49"'),
        ("region", "missing", "op: is_missing"),
        ("title", "contains finance", "op: contains, value: finance"),
        ("title", "starts_with VP", "op: starts_with, value: VP"),
        ("title", "is contains", "op: is, value: contains"),
        ("email_domain", "domain a.de; b.de", "op: domain, value: [a.de, b.de]"),
    ],
)  # fmt: skip
def test_a_cell_means_what_yaml_says(fact: str, cell: str, same: str) -> None:
    """One rule, whichever way it is written; and its made-up examples come out right."""
    rule = one_cell(fact, cell)
    assert rule.when == in_yaml(f"{{fact: {fact}, {same}}}").when
    assert [rule.holds(one.facts) is True for one in rule.examples] == [True, False]


@pytest.mark.parametrize(
    ("fact", "cell", "same"),
    [
        ("region", "known", "op: is_missing"),
        ("title", "not contains finance", "op: contains, value: finance"),
        ("pricing_views_7d", "not 1..5", "op: between, value: [1, 5]"),
    ],
)
def test_a_cell_may_say_not(fact: str, cell: str, same: str) -> None:
    """Where no operator is the opposite, a `not` stands before it."""
    rule = one_cell(fact, cell)
    assert rule.when == in_yaml(f"{{not: {{fact: {fact}, {same}}}}}").when
    assert [rule.holds(one.facts) is True for one in rule.examples] == [True, False]


def test_all_cells_of_a_row_have_to_hold() -> None:
    """An empty cell asks for nothing."""
    rule = one_cell("region", "UK", seniority="vp", title="")
    same = "{all: [{fact: region, op: is, value: UK}, {fact: seniority, op: is, value: vp}]}"
    assert rule.when == in_yaml(same).when


def test_segments_dates_and_keeper_have_columns() -> None:
    """What YAML can say of a rule, a row can say too."""
    rule = one_cell(
        "segment", "abroad; not abroad", region="UK", owner="ann", until="2026-05-01",
        hit="region=UK", miss="nothing", **{"from": "2026-01-01"},
    )  # fmt: skip
    part = "{segment: abroad}"
    first = "{fact: region, op: is, value: UK}"
    assert rule.when == in_yaml(f"{{all: [{first}, {part}, {{not: {part}}}]}}").when
    assert rule.kept_by == "ann"
    assert rule.from_at is not None
    assert rule.until_at is not None
    assert [one.facts for one in rule.examples] == [{"region": "UK"}, {}]


NUMBERS = st.sampled_from(["3", ">= 2", "> 2", "<= 4", "< 4", "!= 3", "1..5", "not 3", "missing"])
WORDS = st.sampled_from(["UK", "UK; US", "not UK", "not UK; US", "known", "missing", "contains x"])


@settings(max_examples=25)
@given(NUMBERS, NUMBERS, WORDS)
def test_the_examples_that_a_row_makes_of_its_cells_are_right(a: str, b: str, word: str) -> None:
    """Nobody should have to correct an example that they did not write."""
    text = "id,text,points,group,pricing_views_7d,demo_views_7d,region\n"
    book = load("fit.csv", f"{text}it,It,1,company,{a},{b},{word}\n")
    assert run_examples(book).wrong == ()


ROWS = 'id,text,points,group,region,title\none,"Says ""hello"", twice",5,company,UK,is Head of X\n'


def test_spreadsheets_may_write_it_their_way() -> None:
    """Byte order mark, semicolons, tabs, `sep=`, CR LF, empty rows and columns, notes."""
    plain = rules_of(load("fit.csv", ROWS), "fit.csv")["one"]
    assert plain.said == 'Says "hello", twice'
    columns = [next(csv.reader([line])) for line in ROWS.splitlines()]
    for delimiter in (";", "\t", ","):
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(
            [[*row, "", ""] for row in [*columns, [""] * 6, ["# a note"]]]
        )
        for text in (
            out.getvalue(),
            "\ufeff" + out.getvalue(),
            f"sep={delimiter}\r\n{out.getvalue()}",
        ):
            rule = rules_of(load("fit.csv", text), "fit.csv")["one"]
            assert (rule.when, rule.said) == (plain.when, plain.said)


def test_a_decimal_comma_is_read_where_semicolons_part_the_cells() -> None:
    """That is how half of Europe's spreadsheets save."""
    text = "id;text;points;group;engagements_trend\none;It;5;company;>= 1,5\n"
    rule: Any = rules_of(load("fit.csv", text), "fit.csv")["one"]
    assert rule.when.value == 1.5


def test_the_place_of_a_row_is_the_line_it_begins_at(problems: Find) -> None:
    """Also after cells that hold line breaks, and after empty rows."""
    text = 'id,text,points,group,region\none,"a\nb",5,company,UK\n\n\ntwo,It,5,persons,UK\n'
    assert problems({**FILES, "fit.csv": text}) == [
        "fit.csv:6: column `group`: unknown group `persons`; `groups` declares `company`, `person`"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty: its first row names the columns"),
        ("id,text,points\n", "lacks the column `group`"),
        ("id,text,points,group,regoin\n", "did you mean `region`?"),
        ("id,text,points,group,band\n", "only routing.yaml may read it"),
        ("id,text,points,group,region,when region\n", "two columns ask for the fact `region`"),
        ("id,text,points,group,region,Region\n", "stands here twice"),
        ("id,text,points,group\na,It,5,company\n", "asks for nothing"),
        ("id,text,points,group,region\na,It,5,company,UK,US\n", "which has no name"),
        ("id,text,points,group,region\na,It,5,company,#REF!\n", "error of the spreadsheet"),
        ("id,text,points,group,employee_band\na,It,5,company,Oct-49\n", "looks like a date"),
        ("id,text,points,group,employee_band\na,It,5,company,9-Jan\n", "looks like a date"),
        ("id,text,points,group,region\na,It,five,company,UK\n", "column `points`: `points` has to"),
        ("id,text,points,group,region\na,=1+1,5,company,UK\n", "take that for a formula"),
        ("id,text,points,group,region\na,@SUM(A1),5,company,UK\n", "take that for a formula"),
        ("id,text,points,group,region\na,It,5,company,>= 3\n", "`at_least` cannot take `region`"),
        ("id,text,points,group,region\na,It,5,company,list:nowhere\n", "unknown list `nowhere`"),
        ("id,text,points,group,title\na,It,5,company,matches x\n", "needs its own examples"),
        ("id,text,points,group,region,hit\na,It,5,company,UK,UK\n", "write it as `fact=value`"),
        ("id,text,points,group,sessions_7d\na,It,5,company,many\n", "has to be a number"),
        ("id,text,points,group,sessions_7d\na,It,5,company,5..1\n", "in this order"),
        ("id,text,points,group,region,decay\na,It,5,company,UK,region\n", "lacks `half_life`"),
        ("id,text,points,group,region\ntarget_size,It,5,company,UK\n", "used already, at fit.yaml"),
        ("id,text,points,group,region\na,It,5,company,\"UK", "is not CSV"),
        ('id,text,points,group,region\na,"It"s,5,company,UK\n', "is not CSV"),
        ("id,text,points,group,region\n" + "a,It,5,company,UK\n" * 2001, "more than 2000 rows"),
        ("id,text," * 200, "more than 200 columns"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_row_and_column(problems: Find, text: str, told: str) -> None:
    """Each kind of mistake, and what spreadsheets do behind their owner's back."""
    found = problems({**FILES, "fit.csv": text})
    assert any(one.startswith("fit.csv:") and told in one for one in found), found


@settings(max_examples=25)
@given(st.text() | st.lists(st.lists(st.text(max_size=9))).map(
    lambda rows: "\n".join(",".join(row) for row in rows)
))  # fmt: skip
def test_no_table_gets_past_the_check_by_surprise(text: str) -> None:
    """Whatever a file holds, the answer is a rulebook or one DefinitionError."""
    for tried in (text, "id,text,points,group,region\n" + text):
        with suppress(DefinitionError):
            assert load("fit.csv", tried).rules()


def test_a_table_may_hold_all_the_rules_of_its_file(tmp_path: Path) -> None:
    """Territories in a spreadsheet, the rest in YAML; and both are in force."""
    routing = FILES["routing.yaml"]
    default = routing[routing.index("default:") :]
    table = (
        "id,text,owner,destinations,respond_within,region,when owner,kept_by\n"
        "mine,Has an owner,fact:owner else desk,console,1h,,known,ann\n"
        "dach,New in DE,rep-berlin,console; slack:#dach,30m,DE; AT; CH,,\n"
    )
    for name, text in {**FILES, "routing.yaml": default, "routing.csv": table}.items():
        (tmp_path / name).write_text(text)
    book = load_catalog(read_catalog(tmp_path))
    assert run_examples(book).wrong == ()
    route = book.route({"region": "AT"})
    assert (route.rule, route.owner, route.respond_within_s) == ("dach", "rep-berlin", 1800)
    assert route.destinations == ("console", "slack:#dach")
    assert book.route({"region": "AT", "owner": "rep-7"}).owner == "rep-7"


def test_a_row_that_an_earlier_one_shadows_is_found_by_its_examples() -> None:
    """First match: a row below a wider one never has its turn."""
    table = (
        "id,text,owner,destinations,respond_within,region,seniority\n"
        "wide,All of DE,rep-1,console,1h,DE,\n"
        "narrow,Bosses of DE,rep-2,console,1h,DE,vp\n"
    )
    told = [str(one) for one in run_examples(load("routing.csv", table)).wrong]
    assert told == ["routing.csv:3: `narrow`: `wide` stands before it and wins"]


def test_suppressions_and_accounts_have_tables_too() -> None:
    """`suppress.csv` stands beside `negative.yaml`, for its rules have no points."""
    text = "id,text,region\nembargo,Not there,KP; XX\n"
    assert load("suppress.csv", text).evaluate([{"region": "KP"}])[0].by == ("embargo",)
    assert load("account.csv", text).evaluate([{"region": "KP"}])[0].mqa


def test_signs_of_cells_are_operators() -> None:
    """Every sign that a cell may begin with is known."""
    assert {SIGNS[sign] for sign in (">=", "=>", "<=", "=<", ">", "<", "=", "!=", "<>")} == {
        "at_least", "at_most", "above", "below", "is", "is_not",
    }  # fmt: skip
