"""A folder of YAML and CSV files becomes a rulebook, or one error with all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from core.errors import DefinitionError, Problem
from rules import review
from rules.declaration import Ids, Scope
from rules.facts import LEAD_FACTS
from rules.files import DO, SEGMENTS, SHEETS, catalog_digest, name_problems, read_catalog
from rules.language.names import Names
from rules.language.reading import Reader
from rules.language.source import Node, read_yaml
from rules.priority_sheet import read_priority
from rules.routing import read_routing
from rules.rulebook import Rulebook
from rules.segments import read_segments
from rules.sheets import read_account, read_fit, read_intent, read_negative
from rules.tables import TABLES, Table, read_table

__all__ = ["catalog_digest", "check_catalog", "load_catalog", "read_catalog"]

_Read = TypeVar("_Read")


def check_catalog(files: Mapping[str, str]) -> Rulebook:
    """`load_catalog`, and a look at what the rules can and cannot do: before they are published.

    DefinitionError also for rules that no lead can ever hit. What is in force was checked when it
    was published; it is loaded without this, lest a later and stricter program refuse it.
    """
    rulebook = load_catalog(files)
    found = review.problems(rulebook)
    if found:
        raise _refused(tuple(found))
    return rulebook


def load_catalog(files: Mapping[str, str]) -> Rulebook:
    """Reads and compiles a catalog (file name → text).

    DefinitionError names every problem at once, each with `file:line`.
    """
    readers = {name: Reader(name) for name in (SEGMENTS, *SHEETS, *TABLES)}
    nodes = {
        name: read_yaml(files[name], readers[name]) for name in (SEGMENTS, *SHEETS) if name in files
    }
    every = read_segments(readers[SEGMENTS], nodes.get(SEGMENTS))
    scope = _scope(files, readers, every._replace(facts=LEAD_FACTS))

    def read(name: str, reading: Callable[[Reader, Node, Scope], _Read]) -> _Read | None:
        node = nodes.get(name)
        return None if node is None else reading(readers[name], node, scope)

    fit = read("fit.yaml", read_fit)
    intent = read("intent.yaml", read_intent)
    negative = read("negative.yaml", read_negative)
    account = read("account.yaml", read_account)
    scale = read("priority.yaml", read_priority)
    routing = read("routing.yaml", read_routing)
    found = [problem for reader in readers.values() for problem in reader.problems]
    problems = (*name_problems(files), *found)
    if problems or not fit or not intent or not negative or not account or not scale or not routing:
        raise _refused(problems)
    return Rulebook(*fit, intent, *negative, account, scale, routing)


def _scope(files: Mapping[str, str], readers: Mapping[str, Reader], names: Names) -> Scope:
    read = {name: read_table(readers[name], files[name], names) for name in TABLES if name in files}
    tables: dict[str, Table] = {name: table for name, table in read.items() if table is not None}
    return Scope(names, Ids(), tables)


def _refused(problems: tuple[Problem, ...]) -> DefinitionError:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return DefinitionError(f"the rule catalog has {count}", do=DO, problems=problems)
