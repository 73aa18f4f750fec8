"""take: a file under a mapping → messages in the log, and a report of what became of each row."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from core.database import reading, writing
from core.errors import Problem, WorkError
from events.attributes import Column as Attribute
from events.attributes import declare
from events.imports.compose import Composer, Terms
from events.imports.plan import Plan
from events.imports.profile import Profile
from events.imports.rows import Reader
from events.imports.source import Source
from events.imports.stage import Stage
from events.imports.told import Told
from events.intake.log import EventLog, NewEvent
from events.types import Door

Kind = Literal["leads", "outcomes"]
MOST_NAMED = 20
KEY_ID = "import"


class Report(msgspec.Struct, kw_only=True):
    """`rows` = taken + bad + copies + replaced. Lines are named up to `MOST_NAMED` of a kind."""

    file: str
    rows: int = 0
    taken: int = 0
    bad: int = 0
    problems: list[str] = []
    counts: dict[str, int] = {}
    """new, changed, unchanged, passed_over; won, lost, open, corrected, reopened, unknown_lead,
    closed_early; copies, replaced.
    """
    unfit: dict[str, int] = {}
    """Column → cells that were not of its kind and count as missing."""
    unknown_leads: list[str] = []
    closed_early: list[str] = []
    replaced: list[str] = []
    notes: list[str] = []
    attributes: dict[str, str] = {}
    """Column → the fact that it became."""
    events: int = 0
    offset: int = 0
    """Of the last message in the log; 0 when there was nothing to send."""


class Taking:
    """One import. Nothing is sent before every row was read; what is sent is sent in order."""

    def __init__(self, source: Source, plan: Plan, seen: Profile, kind: Kind, terms: Terms) -> None:
        self._source = source
        self._plan = plan
        self._seen = seen
        self._kind = kind
        self._terms = terms
        self._reader = Reader(source, plan, seen.columns, terms.now)
        self.report = Report(file=source.path.name, notes=list(source.notes))

    def run(self, folder: Path, engine: sa.Engine, log: EventLog) -> Report:
        """`folder` takes the stage while it runs. WorkError when no row can be taken."""
        stage = Stage(folder / "stage.db")
        try:
            self._read(stage)
            if self._kind == "leads":
                self._declare(engine)
            self._send(stage, engine, log)
        finally:
            stage.close()
        return self.report

    def _read(self, stage: Stage) -> None:
        """Every row, so that all that is wrong is told at once."""
        report, leads = self.report, self._kind == "leads"
        read = self._reader.lead if leads else self._reader.outcome
        for row in self._source.rows():
            report.rows += 1
            told = [row] if isinstance(row, Problem) else read(row)
            if isinstance(told, Told):
                report.taken += 1
                stage.put(told, lead=leads)
                continue
            report.bad += 1
            room = max(0, MOST_NAMED - len(report.problems))
            report.problems += [str(problem) for problem in told[:room]]
        report.counts["copies"], report.counts["replaced"] = stage.copies, stage.replaced
        report.taken -= stage.copies + stage.replaced
        report.unfit = dict(self._reader.unfit)
        report.replaced = [
            f"{self._source.place(now)} stands for {self._source.place(before)}"
            for before, now in stage.replacements[:MOST_NAMED]
        ]
        if not report.taken:
            raise self._refusal()

    def _refusal(self) -> WorkError:
        report = self.report
        if not report.rows:
            return WorkError(f"{report.file} has a header and no rows", do="nothing was imported")
        return WorkError(
            f"none of the {report.rows} rows of {report.file} can be taken",
            problems=[Problem("", told) for told in report.problems],
            do="nothing was imported: look at the mapping first",
        )

    def _declare(self, engine: sa.Engine) -> None:
        """Before the first message: the worker passes over values that nobody declared."""
        columns = {
            name: (Attribute(name, kind, column), self._of(column))
            for column, (name, kind) in self._reader.attributes.items()
        }
        self.report.attributes = {column: name for column, (name, _) in
                                  self._reader.attributes.items()}  # fmt: skip
        with writing(engine) as record:
            declare(record, columns, self._terms.now)

    def _of(self, column: str) -> dict[str, Any]:
        """A column's profile, without examples: they may be somebody's."""
        told: dict[str, Any] = msgspec.to_builtins(self._seen.columns[column])
        return {**told, "examples": [], "file": self.report.file}

    def _send(self, stage: Stage, engine: sa.Engine, log: EventLog) -> None:
        composer, report = Composer(self._terms), self.report
        for piece in stage.pieces():
            with reading(engine) as record:
                bodies = composer.compose(record, piece)
            if bodies:
                events = [NewEvent(Door.IMPORT, "segment", KEY_ID, "", "", body) for body in bodies]
                report.offset = log.append(events).result()
                report.events += len(bodies)
        report.counts |= composer.counts
        report.unknown_leads = [self._source.place(line) for line in composer.unknown]
        report.closed_early = [self._source.place(line) for line in composer.early]
