"""A wrong definition is refused before it counts anything."""

from __future__ import annotations

import pytest

from core.errors import DefinitionError
from features.check import check, known_features
from features.definitions import FEATURES, Entity, Feature, Kind
from features.describe import describe, value_type
from features.measures import MEASURES, Measure


def problems(features: list[Feature] | None = None, measures: list[Measure] | None = None) -> str:
    with pytest.raises(DefinitionError) as wrong:
        check([*FEATURES, *(features or [])], [*MEASURES, *(measures or [])])
    return "\n".join(wrong.value.lines())


def measure(number: int, name: str, event: str = "page_viewed") -> Measure:
    return Measure(number, name, (event,), lambda _: 1, "x")


def test_the_shipped_definitions_are_sound() -> None:
    """What ships passes its own check."""
    check()


def test_a_name_used_twice_is_told_with_file_and_line() -> None:
    """Two meanings of one name would be one column."""
    told = problems([Feature("open_deals", Entity.LEAD, Kind.COUNT, "page_views", 7)])
    assert "features/definitions.py:" in told
    assert "open_deals: this name is used by 2 features" in told


def test_an_unknown_event_is_told_with_the_one_that_was_meant() -> None:
    """A measure on an event that nothing sends is zero for ever, in silence."""
    told = problems(measures=[measure(900, "typo", "page_viewd")])
    assert "no event is called 'page_viewd', did you mean 'page_viewed'?" in told


def test_numbers_of_measures_are_stored_so_never_shared() -> None:
    """Two measures under one number would be added up in every tile."""
    assert "number 1 is used twice" in problems(measures=[measure(1, "other")])


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        (Feature("a", Entity.LEAD, Kind.COUNT, "page_veiws", 7), "did you mean 'page_views'"),
        (Feature("a", Entity.LEAD, Kind.WORD, "page_views"), "which this kind is not made of"),
        (Feature("a", Entity.LEAD, Kind.COUNT, "industry", 7), "no measure is called 'industry'"),
        (Feature("a", Entity.LEAD, Kind.RATIO, "page_views", 7, "x"), "which is no measure"),
        (Feature("a", Entity.LEAD, Kind.COUNT, "page_views", 400), "windows reach from 1 to 90"),
    ],
)
def test_a_clash_of_kinds_or_windows_is_told(feature: Feature, told: str) -> None:
    """Each thing that cannot be computed has a sentence of its own."""
    assert told in problems([feature])


def test_all_problems_come_at_once() -> None:
    """One look, one repair."""
    both = [
        Feature("a", Entity.LEAD, Kind.COUNT, "x", 7),
        Feature("b", Entity.LEAD, Kind.DEAL, "y"),
    ]
    assert {"a: no", "b: no"} <= {
        line.split(": ", 1)[1][:5] for line in problems(both).split("\n")[1:]
    }


def test_a_name_that_no_feature_has_is_refused() -> None:
    """`leadline features backfill` with a typo does nothing rather than something else."""
    with pytest.raises(DefinitionError, match="unknown features"):
        known_features(["pricing_views_7"])


def test_every_feature_explains_itself() -> None:
    """The documentation page is generated: no feature may be missing from it."""
    told = [describe(one) for one in FEATURES]
    assert len(told) == len(FEATURES)
    assert all(told)
    assert {value_type(one) for one in FEATURES} == {"word", "number"}
