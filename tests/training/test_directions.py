"""Declared directions: what the propensity may only rise or fall with."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.errors import DefinitionError
from core.settings import Models
from events.attributes import Column, ColumnKind
from training.build import Source
from training.columns import choose_columns

COLUMNS = {
    "crm_plan": Column("crm_plan", ColumnKind.WORD, "Plan"),
    "crm_seats": Column("crm_seats", ColumnKind.NUMBER, "Seats"),
}


def chosen(rising: Sequence[str] = (), falling: Sequence[str] = ()) -> Source:
    models = Models(rising=tuple(rising), falling=tuple(falling))
    return choose_columns([], COLUMNS, frozenset(), models, 7, print, drop=True)


def test_the_settings_reach_the_fit() -> None:
    """A direction that is declared and then forgotten would be worse than none."""
    source = chosen(["crm_seats", "meetings_30d"], ["days_since_engagements"])
    assert source.rising == {"crm_seats", "meetings_30d"}
    assert source.falling == {"days_since_engagements"}


@pytest.mark.parametrize(
    ("rising", "falling", "said"),
    [
        (["meetings_30"], [], "`meetings_30` is no number; did you mean `meetings_30d`?"),
        ([], ["region"], "`region` is no number"),
        (["crm_plan"], [], "`crm_plan` is no number"),
        (["crm_seats"], ["crm_seats"], "`crm_seats` cannot both rise and fall"),
    ],
)
def test_a_direction_of_nothing_is_refused(
    rising: list[str], falling: list[str], said: str
) -> None:
    """Misspelt, it would be in force in nobody's model."""
    with pytest.raises(DefinitionError) as refused:
        chosen(rising, falling)
    assert any(said in str(problem) for problem in refused.value.problems)
