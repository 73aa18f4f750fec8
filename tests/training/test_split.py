"""What is tested must not have been taught."""

from __future__ import annotations

import pytest

from core.clock import DAY
from core.errors import DefinitionError
from events.labels import Label
from features.vector import FeatureVector
from training.dataset import CLOSED_WEIGHT, OTHER_AGES_WEIGHT, Example, teaching, weight_of
from training.split import newest_accounts, read_split, split


def _example(number: int, age: int = 30, group: str | None = None, closed_at: int | None = None):
    told = Label(f"c{number}", number * DAY, False, closed_at)
    seen = FeatureVector(f"lead-{number}", group, told.moment(age), {})
    return Example(told, age, seen, group or f"account-{number}")


def test_the_newest_accounts_test():
    """Without a file the test is later in time, and shares no account with what is taught."""
    examples = [_example(number, age) for number in range(10) for age in (0, 30)]
    examples.append(_example(20, group="account-0"))

    parts = split(examples, None, 30)

    assert {one.group for one in parts.test} == {"account-9", "account-8", "account-7"}
    assert {one.age for one in parts.test} == {30}
    assert not {one.group for one in parts.test} & {one.group for one in parts.teach}
    assert newest_accounts(examples)["c20"] == "teach"


def test_a_file_splits_and_leads_outside_it_are_in_no_part(tmp_path):
    """Valid leads teach, since cross-validation needs no part of its own."""
    file = tmp_path / "split.csv"
    file.write_text("crm_id,split\nc1,train\nc2,valid\nc3,test\n")

    parts = split([_example(number) for number in range(1, 5)], read_split(file), 30)

    assert [one.label.crm_id for one in parts.teach] == ["c1", "c2"]
    assert [one.label.crm_id for one in parts.test] == ["c3"]


def test_every_wrong_line_of_a_split_is_named(tmp_path):
    """All at once, so that a file is repaired once."""
    file = tmp_path / "split.csv"
    file.write_text("crm_id,split\nc1,trian\nc2,train\nc2,test\n")

    with pytest.raises(DefinitionError) as refused:
        read_split(file)

    assert [one.path for one in refused.value.problems] == ["split.csv:2", "split.csv:4"]


def test_a_split_without_its_columns_is_refused(tmp_path):
    """The columns are named in the message."""
    file = tmp_path / "split.csv"
    file.write_text("lead,part\nc1,train\n")

    with pytest.raises(DefinitionError, match="crm_id and split"):
        read_split(file)


def test_closed_leads_teach_only_at_the_evaluated_age_and_little():
    """What a won deal looks like afterwards says nothing of an open one, at any age."""
    closed = [_example(1, age, closed_at=DAY * 5) for age in (0, 30, 60)]

    lessons = teaching(closed, 30)

    assert [(one.age, weight_of(one, 30)) for one in lessons] == [
        (0, OTHER_AGES_WEIGHT),
        (30, CLOSED_WEIGHT),
    ]
    assert weight_of(_example(2, 30), 30) == 1.0
