"""A folder of YAML and CSV files becomes a rulebook, or one error with all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from core.errors import DefinitionError, Problem
from rules import review
from rules.declaration import Ids, Scope
from rules.facts import LEAD_FACTS
from rules.files import DO, SEGMENTS, SHEETS, catalog_digest, name_problems, read_catalog
from rules.language.names import Names
from rules.language.reading import Reader
from rules.language.source import Node, read_yaml
from rules.priority import Priority
from rules.priority_sheet import read_priority
from rules.routing import Routing, read_routing
from rules.rulebook import Rulebook
from rules.segments import read_segments
from rules.sheet import Sheet
from rules.sheets import Grades, read_account, read_fit, read_intent, read_negative
from rules.tables import TABLES, Table, read_table

__all__ = ["catalog_digest", "check_catalog", "load_catalog", "read_catalog"]

_Part = TypeVar("_Part")


class _Found(NamedTuple):
    """What could be read of a catalog, and what was wrong with the rest."""

    fit: tuple[Sheet, Grades] | None
    intent: Sheet | None
    negative: tuple[Sheet, Sheet] | None
    account: Sheet | None
    scale: Priority | None
    routing: Routing | None
    problems: tuple[Problem, ...]
    names_right: bool
    """Nothing is wrong with lists and segments: else rules would be judged without their words."""

    def rulebook(self) -> Rulebook | None:
        """None where anything is wrong or missing."""
        fit, intent, negative, account, scale, routing, problems, _ = self
        if fit and intent and negative and account and scale and routing and not problems:
            return Rulebook(*fit, intent, *negative, account, scale, routing)
        return None

    def unmeant(self) -> list[Problem]:
        """What the review says of each rule that could be read, by itself."""
        unsent = review.unknown_kinds(self.routing) if self.routing else []
        if not self.names_right:
            return unsent
        fit = self.fit[:1] if self.fit else ()
        sheets = (*fit, self.intent, *(self.negative or ()), self.account)
        routes = [rule for rule, _ in self.routing.rules] if self.routing else []
        return [*review.of_each((one for one in sheets if one is not None), routes), *unsent]


def check_catalog(files: Mapping[str, str]) -> Rulebook:
    """`load_catalog`, and a look at what the rules can and cannot do: before they are published.

    DefinitionError also for rules that no lead can ever hit, at once with whatever could not be
    read; rules are compared with each other only when all of them could. What is in force was
    checked when it was published; it is loaded without this, lest a later and stricter program
    refuse it.
    """
    found = _read(files)
    rulebook = found.rulebook()
    if rulebook is None:
        do = f"{DO}: more may be found once these are mended"
        raise _refused((*found.problems, *found.unmeant()), do)
    problems = review.problems(rulebook)
    if problems:
        raise _refused(tuple(problems))
    return rulebook


def load_catalog(files: Mapping[str, str]) -> Rulebook:
    """Reads and compiles a catalog (file name → text).

    DefinitionError names every problem at once, each with `file:line`.
    """
    found = _read(files)
    rulebook = found.rulebook()
    if rulebook is None:
        raise _refused(found.problems)
    return rulebook


def _read(files: Mapping[str, str]) -> _Found:
    readers = {name: Reader(name) for name in (SEGMENTS, *SHEETS, *TABLES)}
    nodes = {
        name: read_yaml(files[name], readers[name]) for name in (SEGMENTS, *SHEETS) if name in files
    }
    every = read_segments(readers[SEGMENTS], nodes.get(SEGMENTS))
    scope = _scope(files, readers, every._replace(facts=LEAD_FACTS))

    def read(name: str, reading: Callable[[Reader, Node, Scope], _Part]) -> _Part | None:
        node = nodes.get(name)
        return None if node is None else reading(readers[name], node, scope)

    parts = (
        read("fit.yaml", read_fit),
        read("intent.yaml", read_intent),
        read("negative.yaml", read_negative),
        read("account.yaml", read_account),
        read("priority.yaml", read_priority),
        read("routing.yaml", read_routing),
    )
    wrong = [problem for reader in readers.values() for problem in reader.problems]
    return _Found(*parts, (*name_problems(files), *wrong), not readers[SEGMENTS].count())


def _scope(files: Mapping[str, str], readers: Mapping[str, Reader], names: Names) -> Scope:
    read = {name: read_table(readers[name], files[name], names) for name in TABLES if name in files}
    tables: dict[str, Table] = {name: table for name, table in read.items() if table is not None}
    return Scope(names, Ids(), tables)


def _refused(problems: tuple[Problem, ...], do: str = DO) -> DefinitionError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return DefinitionError(f"the rule catalog has {count}", do=do, problems=problems)
