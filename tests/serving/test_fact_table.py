"""Rules find the same in a table of facts as in a dict of each lead."""

from __future__ import annotations

from features.tiles import EMPTY
from features.vector import Stored, crowded, vectors
from rules import load_catalog, read_catalog
from serving.score.fact_table import FEW, FactTable, facts_of

NOW = 1_790_000_000_000_000
STORED = [Stored(f"l{at}", None, EMPTY, None, NOW + at) for at in range(2 * FEW + 4)]
EXTRA = [{"owner": f"rep-{at % 3}", "email_domain": None} for at in range(len(STORED))]


def test_a_table_is_what_its_dicts_are() -> None:
    """Texts of reasons are filled from single leads, conditions from columns."""
    table = facts_of(crowded(STORED), EXTRA)
    dicts = facts_of(vectors(STORED), EXTRA)

    assert isinstance(table, FactTable)
    assert isinstance(dicts, list)
    assert [dict(one) for one in table] == dicts
    assert [dict(one) for one in table[2:5]] == dicts[2:5]
    for name in dicts[0]:
        assert table.column(name) == [one[name] for one in dicts]
    assert table[3].get("nothing") is None


def test_rules_say_the_same_of_both() -> None:
    """One rulebook, whichever way a batch came."""
    rulebook = load_catalog(read_catalog())
    table, dicts = facts_of(crowded(STORED), EXTRA), facts_of(vectors(STORED), EXTRA)

    for one, other in zip(rulebook.evaluate(table), rulebook.evaluate(dicts), strict=True):
        assert [(hit.id, one.text(hit), hit.points) for hit in one.hits] == [
            (hit.id, other.text(hit), hit.points) for hit in other.hits
        ]
        assert (one.fit_points, one.failed) == (other.fit_points, other.failed)


def test_few_leads_are_dicts() -> None:
    """Columns of two leads cost more than they save."""
    assert isinstance(facts_of(crowded(STORED[:FEW]), EXTRA[:FEW]), list)
