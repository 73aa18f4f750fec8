"""Profiles, mappings and guesses: which column means what."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from core.clock import from_iso
from core.errors import DefinitionError
from events.attributes import ColumnKind
from events.imports.doubts import doubts
from events.imports.guess import guess
from events.imports.mapping import attributes, check, read_mapping, write_mapping
from events.imports.plan import Outcome, Plan, Status, When
from events.imports.profile import MOST_DISTINCT, Kind, Profile, profile
from events.imports.source import Source

NOW = from_iso("2026-11-23")


def file(folder: Path, text: str) -> Source:
    path = folder / "export.csv"
    path.write_text(text)
    return Source(path)


HEADER = (
    "Prospect ID", "Lead Number", "First Name", "Email", "Lead Source", "Employees", "Newsletter",
    "Specialization", "Signed on", "Revenue", "City", "Notes", "Country", "Empty", "Converted",
)  # fmt: skip


def dirty(folder: Path, rows: int = 400) -> tuple[Source, Profile]:
    """A wide export without a date, as teams of sellers keep them."""
    chance = random.Random(3)
    lines = [";".join(HEADER)]
    for number in range(rows):
        cells = [
            f"{chance.getrandbits(64):016x}", 660_000 + number, f"Ann{number}", f"a{number}@x.org",
            chance.choice(["Google", "Direct", "Referral"]),
            chance.choice(["10", "1,200 employees", "55", "-"]),
            chance.choice(["Yes", "No"]), chance.choice(["Select", "Finance", "HR"]),
            chance.choice(["03/04/2020", "2020-05-06", "", "13/01/2021"]),
            chance.choice(["€ 1,000", "€ 20,000", "N/A"]), f"City {number % 300}",
            "a long note on what was said and by whom, and what is to be done about it next",
            "Utopia", "", chance.choice("01"),
        ]  # fmt: skip
        lines.append(";".join(map(str, cells)))
    source = file(folder, "\n".join(lines))
    return source, profile(source)


def test_each_column_is_known_for_what_it_holds(tmp_path: Path) -> None:
    """Units, several kinds of dates, blanks of every kind, ids, prose, names of people."""
    _, seen = dirty(tmp_path)
    assert {name: one.kind for name, one in seen.columns.items()} == {
        "Prospect ID": Kind.ID, "Lead Number": Kind.ID, "First Name": Kind.PERSONAL,
        "Email": Kind.EMAIL, "Lead Source": Kind.WORD, "Employees": Kind.NUMBER,
        "Newsletter": Kind.FLAG, "Specialization": Kind.WORD, "Signed on": Kind.DATE,
        "Revenue": Kind.NUMBER, "City": Kind.WORD, "Notes": Kind.CONSTANT,
        "Country": Kind.CONSTANT, "Empty": Kind.EMPTY, "Converted": Kind.FLAG,
    }  # fmt: skip
    assert 0.2 < seen.columns["Specialization"].missing < 0.5
    assert seen.columns["Email"].examples == ()
    assert not seen.columns["Signed on"].month_first


def test_a_guess_takes_a_wide_and_dirty_export(tmp_path: Path) -> None:
    """Whoever has nothing but the file gets something to correct."""
    source, seen = dirty(tmp_path)
    plan = guess(source, seen, "leads", NOW, 90)
    check(plan, source.columns, "leads")
    assert (plan.lead.crm_id, plan.lead.email) == ("Prospect ID", "Email")
    assert plan.outcome == Outcome(Status("Converted", won=["1"], lost=["0"]))
    assert plan.created == When(day="2026-08-24")
    assert plan.file.delimiter == ";"
    kinds = attributes(plan, seen.columns)
    assert kinds["Employees"] == ("crm_employees", ColumnKind.NUMBER)
    assert kinds["Signed on"] == ("crm_signed_on", ColumnKind.DATE)
    untaught = {"Prospect ID", "Lead Number", "First Name", "Email", "Notes", "Converted", "Empty"}
    assert not untaught & kinds.keys()


def test_a_guess_of_deals_tells_the_deal_from_its_lead(tmp_path: Path) -> None:
    """In a file of deals `id` is the deal's; words say how each ended."""
    rows = [f"d{at},c{at % 9},{stage},{at * 10},2026-01-{at + 1:02}" for at, stage in
            enumerate(["Closed Won", "Closed Lost", "Negotiation"] * 8)]  # fmt: skip
    source = file(tmp_path, "\n".join(["id,contact_id,dealstage,amount,closedate", *rows]))
    plan = guess(source, profile(source), "outcomes", NOW, 90)
    check(plan, source.columns, "outcomes")
    assert plan.lead.crm_id == "contact_id"
    assert plan.outcome == Outcome(
        Status("dealstage", won=["Closed Won"], lost=["Closed Lost"], open=["Negotiation"]),
        deal_id="id",
        closed=When("closedate"),
        value="amount",
    )


def test_a_date_that_reads_both_ways_is_guessed_where_it_can_be_seen(tmp_path: Path) -> None:
    """03/04 of every row: only a person can know, so the mapping says what was taken."""
    source = file(tmp_path, "id,created\n" + "".join(f"{at},03/0{at}/2026\n" for at in range(1, 9)))
    plan = guess(source, profile(source), "leads", NOW, 90)
    assert plan.created == When("created", format="day_first")


def test_a_written_mapping_reads_back(tmp_path: Path) -> None:
    """What is saved for correction has to be what was guessed."""
    source, seen = dirty(tmp_path)
    plan = guess(source, seen, "leads", NOW, 90)
    write_mapping(tmp_path / "map.yaml", plan)
    assert read_mapping(tmp_path / "map.yaml") == plan


def test_short_forms_and_bare_words_are_understood(tmp_path: Path) -> None:
    """YAML makes booleans of yes and true; files hold words."""
    path = tmp_path / "map.yaml"
    path.write_text(
        "lead: {crm_id: Id}\ncreated: Day\noutcome:\n  closed: Closed\n"
        "  status: {column: S, won: [true, 1], lost: [no]}\n"
    )
    plan = read_mapping(path)
    assert plan.created == When("Day")
    assert plan.outcome is not None
    assert plan.outcome.status == Status("S", won=["true", "1"], lost=["false"])
    assert plan.outcome.closed == When("Closed")


def test_every_misfit_is_named_at_once(tmp_path: Path) -> None:
    """With the nearest column beside each: a mapping is repaired in one go."""
    plan = Plan(
        created=When("Creatd", zone="Mars"),
        facts={"shoe_size": "Id"},
        outcome=Outcome(Status(), value="Amuont"),
        columns={"Plam": "word"},
    )
    with pytest.raises(DefinitionError) as refused:
        check(plan, ("Id", "Created", "Amount", "Plan"), "leads")
    told = {problem.path: problem.message for problem in refused.value.problems}
    assert set(told) == {"created", "created.zone", "facts.shoe_size", "outcome.status",
                         "outcome.value", "columns.Plam", "lead"}  # fmt: skip
    assert "did you mean 'Created'?" in told["created"]
    assert "did you mean 'Plan'?" in told["columns.Plam"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lead: {crm: Id}", "crm"),
        ("created: {column: A, format: iso}", "format"),
        ("- a list", "Expected"),
        ("lead: [", "cannot read the mapping"),
        ("columns: {A: text}", "columns"),
    ],
)
def test_a_broken_mapping_is_refused_by_its_key(tmp_path: Path, text: str, why: str) -> None:
    """A key that is passed over in silence would leave a column without its meaning."""
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(DefinitionError, match=why):
        read_mapping(path)


def test_one_word_cannot_mean_two_ends(tmp_path: Path) -> None:
    """Whichever list is read first would decide."""
    plan = Plan(outcome=Outcome(Status("S", won=["Done"], lost=["done"])), without_id="keep")
    with pytest.raises(DefinitionError, match="does not fit") as refused:
        check(plan, ("S",), "leads")
    assert "stands under won as well" in refused.value.lines()[1]


def test_names_that_become_one_get_their_number(tmp_path: Path) -> None:
    """Two columns that differ in a dash alone are two facts all the same."""
    source = file(tmp_path, "id,Lead Source,lead-source,LeadSource\n1,a,b,c\n2,b,c,d\n")
    names = [name for name, _ in attributes(Plan(), profile(source).columns).values()]
    assert names[-3:] == ["crm_lead_source", "crm_lead_source_2", "crm_lead_source_3"]


def test_an_id_is_found_in_a_file_of_any_length(tmp_path: Path) -> None:
    """Different texts are counted up to a bound: beyond it a real id column looked half unique."""
    rows = round(MOST_DISTINCT / 0.95) + 2_000
    source = file(tmp_path, "id,won\n" + "".join(f"c{at},{at % 2}\n" for at in range(rows)))
    seen = profile(source)
    plan = guess(source, seen, "leads", NOW, 90)
    assert (plan.lead.crm_id, plan.without_id) == ("id", "refuse")
    assert not list(doubts(plan, seen))


def test_an_id_that_was_left_out_is_told(tmp_path: Path) -> None:
    """Leads without their id can never meet an event or an outcome: that is not for a footnote."""
    rows = [f"c{at % 30},seller{at % 3},{at % 2}" for at in range(60)]
    source = file(tmp_path, "\n".join(["lead_id,seller_id,won", *rows]))
    seen = profile(source)
    plan = guess(source, seen, "leads", NOW, 90)
    assert plan.lead.crm_id is None
    [told] = doubts(plan, seen)
    assert "lead_id looks like an id" in told
    assert "30 different in 60 filled rows" in told
    assert "each row becomes a lead" in told


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("Won", Status("Status", won=["Won"])),
        ("Closed Lost", Status("Status", lost=["Closed Lost"])),
        ("yes", Status("Status", won=["yes"])),
        ("Open", Status("Status", open=["Open"])),
        ("0", None),
        ("Utopia", None),
    ],
)
def test_a_status_of_one_word_is_not_guessed_away(
    tmp_path: Path, word: str, wanted: Status | None
) -> None:
    """An export of won deals alone came out as leads that were all lost."""
    for blank in (word, ""):  # the same in all rows, or told for some only
        rows = [f"c{at},{word if at % 3 else blank}" for at in range(40)]
        source = file(tmp_path, "\n".join(["id,Status", *rows]))
        plan = guess(source, profile(source), "leads", NOW, 90)
        assert plan.outcome == (Outcome(wanted) if wanted else None)


def test_a_status_of_several_words_stands_before_one_of_a_single_word(tmp_path: Path) -> None:
    """`Status: Active` of each row says less of its end than a stage that was won or lost; and a
    date of winning says more than that the lead is open.
    """
    rows = [f"c{at},Active,{('Won', 'Lost')[at % 2]}" for at in range(40)]
    source = file(tmp_path, "\n".join(["id,Status,Stage", *rows]))
    plan = guess(source, profile(source), "leads", NOW, 90)
    assert plan.outcome == Outcome(Status("Stage", won=["Won"], lost=["Lost"]))

    rows = [f"c{at},Active,2026-01-{at % 20 + 1:02}" for at in range(40)]
    source = file(tmp_path, "\n".join(["id,Status,won_date", *rows]))
    plan = guess(source, profile(source), "outcomes", NOW, 90)
    wanted = Outcome(Status(all="won"), deal_id="id", closed=When("won_date"))
    assert plan.outcome == wanted
