"""Who reads a fact: told from the catalog itself."""

from rules import read_catalog
from rules.facts import ROUTE_FACTS
from rules.usage import facts_used


def test_conditions_and_texts_both_count_as_reading() -> None:
    """A rule that only prints a fact would print something else after a change."""
    sheet = """
    rules:
      - id: a
        when: {any: [{fact: x, op: is, value: 1}, {not: {fact: y, op: is, value: 2}}]}
        text: "{z} times"
      - id: b
        when: {fact: x, op: is, value: 3}
    """
    assert facts_used({"s.yaml": sheet}) == {"x": ["a", "b"], "y": ["a"], "z": ["a"]}


def test_the_shipped_catalog_reads_known_facts_only() -> None:
    """And many of them: an empty answer would make `features list` silent about rules."""
    used = facts_used(read_catalog())
    assert used.keys() <= ROUTE_FACTS.keys()
    assert len(used) > 20
    assert "form" in " ".join(used["form_submits_1d"])
