"""What people say about leads: fit, intent, negative scoring, account qualification, routing.

Declared in YAML (`rules/catalog`), checked and compiled once, evaluated in microseconds::

    files = read_catalog()                       file name → text
    rulebook = load_catalog(files)               DefinitionError with all problems
    report = rulebook.evaluate([facts])[0]       points, grade, hits, suppression
    rulebook.priority(report, propensity)        0–100, with or without a model
    rulebook.band(priority, before)              hot, warm, cold
    rulebook.route(facts)                        owner, destinations, time to answer

This package knows facts (a flat name → value), not where they come from.
"""

from rules.catalog import catalog_digest, check_catalog, load_catalog, read_catalog
from rules.examples import Tested, run_examples
from rules.facts import SIGNALS, Facts, Value
from rules.report import Hit, Route, RuleReport
from rules.rulebook import Rulebook

__all__ = [
    "SIGNALS",
    "Facts",
    "Hit",
    "Route",
    "RuleReport",
    "Rulebook",
    "Tested",
    "Value",
    "catalog_digest",
    "check_catalog",
    "load_catalog",
    "read_catalog",
    "run_examples",
]
