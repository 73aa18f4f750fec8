"""The file of past leads: whole or not there, and never of features that mean something else."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import WorkError
from core.installation import Installation
from features.definitions import FEATURES
from features.vector import vector
from scoring.cases import Case, Origin, files, read_cases, write_cases

_EMPTY = vector("", None, None, None, 0).values


def _case(number: int = 0) -> Case:
    values = {**_EMPTY, "region": "UK", "page_views_7d": 3, "days_since_touches": 1.5}
    return Case(
        f"lead-{number}", None, f"c{number}", 30, 90, True, None, "rep-7", None, 0.25,
        "held_out", values,
    )  # fmt: skip


def _origin(version: int = 1) -> Origin:
    return Origin(
        model="lead_propensity", version=str(version), made_at=5, moment_days=30, label_days=90
    )


def test_a_case_comes_back_as_it_went_in(installation: Installation) -> None:
    """Typed columns: a count that came back as a word would hit no rule."""
    told = read_cases(write_cases(installation, _origin(), [_case()]))

    assert told is not None
    assert told.origin == _origin()
    [row] = told.table.to_pylist()
    assert (row["lead_id"], row["won"], row["propensity"]) == ("lead-0", True, 0.25)
    assert row["propensity_source"] == "held_out"
    assert {name: row[name] for name in _EMPTY} == _case().values


def test_columns_have_their_type_even_when_nobody_has_a_value(installation: Installation) -> None:
    """A column of nulls without a type cannot be compared with a word."""
    told = read_cases(write_cases(installation, _origin(), []))

    assert told is not None
    types = {one.name: told.table.schema.field(one.name).type for one in FEATURES}
    assert set(types.values()) == {pa.string(), pa.float64()}


def test_what_serves_keeps_its_cases_however_old_it_is(installation: Installation) -> None:
    """Drift and the gates judge the champion by them; another model's versions count apart."""
    other = msgspec.structs.replace(_origin(), model="account_propensity")
    write_cases(installation, other, [_case()])
    for version in (1, 2, 3, 4, 5):
        write_cases(installation, _origin(version), [_case()], spared=("1",))

    assert [file.stem for file in files(installation)] == [
        "lead_propensity-5", "lead_propensity-4", "lead_propensity-3",
        "lead_propensity-1", "account_propensity-1",
    ]  # fmt: skip


def test_the_newest_three_versions_stay(installation: Installation) -> None:
    """By number: version 10 is newer than version 9."""
    for version in (8, 9, 10, 11):
        write_cases(installation, _origin(version), [_case()])

    assert [file.stem for file in files(installation)] == [
        f"lead_propensity-{version}" for version in (11, 10, 9)
    ]


def test_a_file_of_other_features_is_left_alone(installation: Installation) -> None:
    """The same name may count something else today."""
    other = msgspec.structs.replace(_origin(), definitions="another")

    assert read_cases(write_cases(installation, other, [_case()])) is None


def test_a_write_that_breaks_off_leaves_the_file_before(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may fill up in the middle."""
    file = write_cases(installation, _origin(), [_case()])
    before = file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="No space"):
        write_cases(installation, _origin(), [_case(1)])

    assert [path.read_bytes() for path in installation.cases.iterdir()] == [before]


def test_a_damaged_file_says_what_to_do(installation: Installation) -> None:
    """Not a traceback out of a Parquet library."""
    file = write_cases(installation, _origin(), [_case()])
    file.write_bytes(file.read_bytes()[:100])

    with pytest.raises(WorkError, match="cannot be read") as told:
        read_cases(file)
    assert "leadline train" in told.value.do
