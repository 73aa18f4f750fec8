"""An export, through the log and the worker, into labels and values: once, and again."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from core.clock import DAY, from_iso, to_iso
from core.database import reading
from core.errors import WorkError
from core.installation import Installation
from events.attributes import attributes_at, key_of
from events.imports.compose import Terms
from events.imports.mapping import check, read_mapping
from events.imports.profile import profile
from events.imports.source import Source
from events.imports.take import Kind, Report, Taking
from events.intake.log import EventLog
from events.labels import label
from events.outcomes import CRM_LEAD, OUTCOME
from events.types import Identifier, IdentifierKind
from tests.pipeline_bench import Bench

NOW = from_iso("2026-06-01T10:00:00Z")
LEADS = """\
lead: {crm_id: id, email: mail}
created: created
account: company
columns: {plan: word, seats: number}
"""
OUTCOMES = """\
lead: {crm_id: lead}
outcome:
  deal_id: deal
  status: {column: stage, won: [Won], lost: [Lost], open: [Talking]}
  closed: closed
  value: worth
"""
HEADER = "id,mail,created,company,plan,seats"
DEALS = "deal,lead,stage,closed,worth"


class Desk:
    """Imports files into one installation, as the command does."""

    def __init__(self, folder: Path, installation: Installation, client: redis.Redis) -> None:
        self.folder = folder
        self.installation = installation
        self.bench = Bench(installation, client, NOW)
        self.log = EventLog(installation.log_db, self.bench.clock)
        self.offset = 0

    def take(
        self, kind: Kind, mapping: str, *rows: str, replace: bool = False, send: bool = True
    ) -> Report:
        """`rows` with their header first. Without `send` the worker does not come by."""
        (self.folder / "map.yaml").write_text(mapping)
        (self.folder / "file.csv").write_text("\n".join(rows) + "\n")
        plan = read_mapping(self.folder / "map.yaml")
        source = Source(self.folder / "file.csv")
        check(plan, source.columns, kind)
        self.bench.clock.move(DAY)
        now, secret = self.bench.clock.now(), self.installation.secret()
        terms = Terms(secret, now, 90, replace=replace, new_leads=plan.new_leads)
        taking = Taking(source, plan, profile(source, plan.blanks), kind, terms)
        (self.folder / "stage").mkdir(exist_ok=True)
        (self.folder / "stage" / "stage.db").unlink(missing_ok=True)
        report = taking.run(self.folder / "stage", self.bench.engine, self.log)
        if send:
            self.work()
        return report

    def work(self) -> None:
        while raws := self.log.read(self.bench.pipeline.progress.offset, 100):
            self.bench.clock.at = max(self.bench.clock.at, raws[-1].recorded_at)
            self.bench.pipeline.keep_up()
            self.bench.pipeline.run(raws)

    def leads(self, *rows: str, **how: Any) -> Report:
        return self.take("leads", LEADS, HEADER, *rows, **how)

    def deals(self, *rows: str, **how: Any) -> Report:
        return self.take("outcomes", OUTCOMES, DEALS, *rows, **how)

    def values(self, crm_id: str, moment: int = 2**62) -> dict[str, Any]:
        with reading(self.bench.engine) as record:
            return attributes_at(record, [(key_of(self.installation.secret(), crm_id), moment)])[0]

    def ends(self) -> dict[str, bool]:
        now = self.bench.clock.now()
        return {one.crm_id: one.won for one in label(self.bench.engine, 90, now).known}

    def rows(self, table: Any) -> list[Any]:
        with reading(self.bench.engine) as record:
            return sorted(map(tuple, record.execute(table.select())))


@pytest.fixture
def make(tmp_path_factory: pytest.TempPathFactory, redis_client: redis.Redis) -> Callable[[], Desk]:
    def made() -> Desk:
        folder = tmp_path_factory.mktemp("import")
        return Desk(folder, Installation(folder / "data").create(), redis_client)

    return made


@pytest.fixture
def desk(make: Callable[[], Desk]) -> Desk:
    return make()


def test_an_export_becomes_leads_with_values(desk: Desk) -> None:
    """Known from the lead's creation on, by CRM id and by email alike."""
    report = desk.leads('c1,Ann@x.org,2026-01-05,acme,trial,"1,200"', "c2,,2026-01-04,,-,N/A")
    assert (report.rows, report.taken, report.bad, report.counts["new"]) == (2, 2, 0, 2)
    assert desk.values("c1") == {"crm_plan": "trial", "crm_seats": 1200}
    assert desk.values("c1", from_iso("2026-01-05") - 1) == {}
    assert desk.values("c2") == {}
    [by_mail, by_id] = desk.bench.index.find_in_record(
        [
            Identifier(IdentifierKind.EMAIL, _sha("ann@x.org")),
            Identifier(IdentifierKind.CRM_ID, "c1"),
        ]
    )
    assert by_mail == by_id
    assert by_mail is not None
    assert by_mail[1] is not None  # the account that its column names


def _sha(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


def test_the_same_file_again_brings_nothing(desk: Desk) -> None:
    """A nightly export is mostly yesterday's."""
    leads = ["c1,ann@x.org,2026-01-05,acme,trial,5", "c2,bob@y.org,2026-01-06,,paid,7"]
    deals = ["d1,c1,Won,2026-02-01,100", "d2,c2,Talking,,"]
    desk.leads(*leads)
    desk.deals(*deals)
    before = desk.rows(CRM_LEAD), desk.rows(OUTCOME), desk.log.last_offset()
    again, deals_again = desk.leads(*leads), desk.deals(*deals)
    assert (again.events, again.counts["unchanged"]) == (0, 2)
    assert (deals_again.events, deals_again.counts["unchanged"]) == (0, 1)
    assert (desk.rows(CRM_LEAD), desk.rows(OUTCOME), desk.log.last_offset()) == before


def test_a_killed_import_is_finished_by_the_next(desk: Desk) -> None:
    """What was sent and not yet worked on is a copy, not news."""
    rows = ["c1,ann@x.org,2026-01-05,acme,trial,5", "c2,bob@y.org,2026-01-06,,paid,7"]
    desk.leads(rows[0], send=False)
    report = desk.leads(*rows)
    assert report.counts["new"] == 2
    assert desk.bench.pipeline.progress.duplicates == 1
    assert len(desk.rows(CRM_LEAD)) == 2


def test_a_corrected_outcome_replaces_the_one_before(desk: Desk) -> None:
    """And what is taken back later is taken back: a row that returns is no copy of its first."""
    desk.leads("c1,,2026-01-05,,,")
    for stage in ("Won", "Lost", "Won", "Lost", "Won", "Won", "Lost", "Won"):
        desk.deals(f"d1,c1,{stage},2026-02-01,100")
        assert desk.ends() == {"c1": stage == "Won"}
    assert desk.deals("d1,c1,Won,2026-02-01,250").counts["corrected"] == 1
    assert desk.rows(OUTCOME)[0][OUTCOME.c.keys().index("value")] == 250


def test_a_deal_that_closed_today_is_told_once(desk: Desk) -> None:
    """Its day ends in the future: it is known now, and tomorrow's export brings nothing new."""
    row = f"d1,c1,Won,{to_iso(NOW + DAY)[:10]},100"
    desk.leads("c1,,2026-04-01,,,")
    desk.bench.clock.move(-DAY)
    assert desk.deals(row).counts["won"] == 1
    [closed_at] = [one[OUTCOME.c.keys().index("closed_at")] for one in desk.rows(OUTCOME)]
    assert closed_at <= desk.bench.clock.now()
    assert desk.deals(row).events == 0
    with pytest.raises(WorkError, match="none of the 1 rows"):
        desk.deals("d2,c1,Won,2026-08-01,")


def test_an_open_deal_is_no_loss(desk: Desk) -> None:
    """Closed by mistake and open again: the outcome goes, and with it the label's decision."""
    desk.leads("c1,,2026-05-05,,,")
    report = desk.deals("d1,c1,Talking,,", "d2,c1,,,")
    assert (report.counts["open"], report.events) == (2, 0)
    desk.deals("d1,c1,Lost,2026-05-20,")
    assert len(desk.rows(OUTCOME)) == 1
    assert desk.deals("d1,c1,Talking,,").counts["reopened"] == 1
    assert desk.rows(OUTCOME) == []


def test_an_outcome_of_a_lead_not_known_yet_waits_for_it(desk: Desk) -> None:
    """Exports come in any order; nothing of them is thrown away."""
    report = desk.deals("d1,c9,Won,2026-02-01,100")
    assert (report.counts["won"], report.counts["unknown_lead"]) == (1, 1)
    assert report.unknown_leads == ["file.csv:2"]
    assert desk.ends() == {}
    desk.leads("c9,,2026-01-05,,,")
    assert desk.ends() == {"c9": True}


def test_an_outcome_may_name_its_lead_by_email(desk: Desk) -> None:
    """Not every tool knows the CRM's ids."""
    desk.leads("c1,ann@x.org,2026-01-05,,,")
    mapping = OUTCOMES.replace("crm_id: lead", "email: lead")
    report = desk.take("outcomes", mapping, DEALS, "d1,Ann@X.org,Won,2026-02-01,100")
    assert report.counts.get("unknown_lead") is None
    assert desk.ends() == {"c1": True}


def test_a_changed_value_counts_from_the_import_on(desk: Desk) -> None:
    """What the CRM says today was not known when the lead was young, unless it is told so."""
    created, row = from_iso("2026-01-05"), "c1,,2026-01-05,,{},5"
    desk.leads(row.format("trial"))
    assert desk.leads(row.format("paid")).counts["changed"] == 1
    assert desk.values("c1")["crm_plan"] == "paid"
    assert desk.values("c1", created + 100 * DAY)["crm_plan"] == "trial"
    assert desk.leads(row.format("paid")).events == 0
    desk.leads(row.format("gold"), replace=True)
    desk.leads(row.format(""))
    assert desk.values("c1", created)["crm_plan"] == "gold"
    assert desk.values("c1") == {"crm_seats": 5}


def test_a_second_file_tells_more_of_known_leads(desk: Desk) -> None:
    """Contacts in one export, deals in another: columns add up, strangers are passed over."""
    desk.leads("c1,,2026-01-05,,trial,5")
    more = "lead: {crm_id: id}\nnew_leads: false\n"
    report = desk.take("leads", more, "id,city", "c1,Oslo", "c2,Rome")
    assert (report.counts["changed"], report.counts["passed_over"]) == (1, 1)
    created = from_iso("2026-01-05")
    assert desk.values("c1", created) == {"crm_plan": "trial", "crm_seats": 5, "crm_city": "Oslo"}
    assert desk.take("leads", more, "id,city", "c1,Oslo", "c2,Rome").events == 0


def test_bad_rows_are_named_and_good_ones_taken(desk: Desk) -> None:
    """All at once, with the line of each; a cell that is no number is only missing."""
    report = desk.leads(
        "c1,,2026-01-05,,trial,5",
        ",,2026-01-05,,trial,5",
        "c3,,yesterday,,trial,5",
        "c4,,2030-01-01,,trial,5",
        "c5,,1999-12-31,,trial",
        "c6,,,,trial,5",
        "c7,no email,2026-01-07,,trial,many",
        *(f"d{at},,2026-01-08,,trial,{at}" for at in range(40)),
    )
    assert (report.rows, report.taken, report.bad) == (47, 42, 5)
    assert report.problems == [
        "file.csv:3: names no lead (id, mail missing)",
        "file.csv:4: created: 'yesterday' is no date",
        "file.csv:5: created: '2030-01-01' lies in the future",
        "file.csv:6: has 5 cells, the header 6",
        "file.csv:7: created: is missing",
    ]
    assert report.unfit == {"mail": 1, "seats": 1}
    assert desk.values("c7") == {"crm_plan": "trial"}


def test_a_status_in_no_list_is_a_bad_row(desk: Desk) -> None:
    """To take it for a loss would teach what nobody said."""
    report = desk.deals("d1,c1,Maybe,2026-02-01,", "d2,c1,Won,2026-02-01,")
    assert report.problems == ["file.csv:2: stage: 'Maybe' is in no list"]
    assert report.taken == 1


def test_of_one_lead_the_last_row_stands(desk: Desk) -> None:
    """A duplicate is told by both its lines."""
    row = "c1,,2026-01-05,,{},5"
    report = desk.leads(row.format("trial"), row.format("trial"), row.format("paid"))
    assert (report.counts["copies"], report.counts["replaced"], report.taken) == (1, 1, 1)
    assert report.replaced == ["file.csv:4 stands for file.csv:3"]
    assert desk.values("c1")["crm_plan"] == "paid"


@pytest.mark.parametrize("rows", [[], ["", " "], ["c1,,soon,,,"]])
def test_a_file_without_a_row_to_take_is_refused(desk: Desk, rows: list[str]) -> None:
    """A header alone, or a mapping that fits no row: nothing is declared, nothing sent."""
    with pytest.raises(WorkError, match="rows"):
        desk.leads(*rows)
    assert desk.log.last_offset() == 0


def test_a_file_of_sessions_needs_neither_ids_nor_dates(desk: Desk) -> None:
    """Each row is a lead of its own, so old that its window is over; twice the same, two leads."""
    mapping = """
lead: {}
without_id: keep
created: {day: 2026-01-05}
outcome: {status: {column: bought, won: ["yes"], lost: ["no"]}}
"""
    rows = ["pages,bought", "3,yes", "1,no", "1,no"]
    report = desk.take("leads", mapping, *rows)
    assert (report.counts["new"], report.counts["won"], report.counts["lost"]) == (3, 1, 2)
    assert sorted(desk.ends().values()) == [False, False, True]
    assert desk.take("leads", mapping.replace("01-05", "01-06"), *rows).events == 0


def test_the_order_of_a_file_does_not_matter(make: Callable[[], Desk]) -> None:
    """Sorted by name, by owner, by nothing: the record is the same, and no history is told anew."""
    chance = random.Random(5)
    rows = [
        f"c{at},u@f{at % 7}{at}.com,2026-0{1 + at % 4}-{10 + at % 15},acme{at % 5},p{at % 3},{at}"
        for at in range(60)
    ]
    told = []
    for _ in range(2):
        desk = make()
        desk.leads(*rows)
        assert not desk.bench.pipeline.history_is_late
        values = [desk.values(f"c{at}") for at in range(60)]
        told.append((values, [row[2] for row in desk.rows(CRM_LEAD)]))
        chance.shuffle(rows)
    assert told[0] == told[1]


def test_a_mapping_may_be_any_yaml_of_the_kind(desk: Desk) -> None:
    """Formats and zones are declared where a file's own way is not to be guessed."""
    mapping = yaml.safe_load(LEADS)
    mapping["created"] = {"column": "created", "format": "month_first", "zone": "America/New_York"}
    desk.take("leads", yaml.safe_dump(mapping), HEADER, "c1,,03/04/2026 20:00,,,")
    assert desk.rows(CRM_LEAD)[0][CRM_LEAD.c.keys().index("created_at")] == from_iso(
        "2026-03-05T01:00:00Z"
    )
