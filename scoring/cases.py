"""Cases of the past: leads whose end is known, as they were known at their training moment.

`cases/<model>-<version>.parquet` holds one row a lead, written by training: who it was, how it
ended, every feature as it was known at the moment, and a propensity of a model that had never seen
the lead. What an edit of the rules would have done is read from here.

Ids are ours or the CRM's; there is no name and no address in it. Each row carries its `lead_id`, so
that an erasure finds what to drop.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from core.errors import WorkError
from core.installation import Installation
from events.labels import Label
from features.definitions import FEATURES
from features.served import DEFINITIONS
from features.vector import FeatureVector
from features.windows import Value

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = 3
"""Files of the newest versions of a model that stay, beside those that are spared."""

Source = Literal["out_of_fold", "held_out", "none"]
"""Of a propensity. `out_of_fold`: from cross-validation, by trees that saw neither the lead nor its
account. `held_out`: by the model itself, which was not taught with the lead. `none`: no model."""

_ABOUT = b"leadline"
_NAME = re.compile(r"(?P<name>\w+)-(?P<version>\d+)\.parquet")


class Case(NamedTuple):
    """One lead at its moment. Times in microseconds, UTC."""

    lead_id: str
    account_id: str | None
    crm_id: str
    moment: int
    settled_at: int
    """From when on its end was known."""
    won: bool
    value: float | None
    """Of the deal that decided, if there was one and its value is known."""
    owner: str | None
    """The CRM's owner of the lead, if that was known by the moment."""
    email_domain: str | None
    """Of today's work email, if the lead had told an email by the moment: earlier ones are not
    kept."""
    propensity: float | None
    source: Source
    values: dict[str, Value]
    """All features."""


def case_of(
    label: Label,
    vector: FeatureVector,
    beside: Mapping[str, str | None],
    chance: tuple[float | None, Source],
    label_days: int,
) -> Case:
    """`vector` at the label's moment; `beside` holds `owner` and `email_domain` as known then."""
    return Case(
        lead_id=vector.lead_id,
        account_id=vector.account_id,
        crm_id=label.crm_id,
        moment=vector.as_of,
        settled_at=label.settled_at(label_days),
        won=label.won,
        value=label.value,
        owner=beside["owner"],
        email_domain=beside["email_domain"],
        propensity=chance[0],
        source=chance[1],
        values=vector.values,
    )


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file's rows come from; it stands in the file."""

    model: str | None
    version: str | None
    """Of the model whose recipe and folds the propensities are of; both None without one."""
    made_at: int
    moment_days: int
    """Age at which each lead is looked at."""
    label_days: int
    definitions: str = DEFINITIONS


class Cases(NamedTuple):
    """`table` has a column for each field of `Case` but `values`, and one for each feature."""

    origin: Origin
    table: pa.Table


def table_of(cases: Sequence[Case]) -> pa.Table:
    """Words as strings, numbers as doubles, times as integers; what is missing is null."""
    import pyarrow as pa

    columns = {
        name: pa.array([one[at] for one in cases], _type(kind))
        for at, (name, kind) in enumerate(_FIELDS.items())
    }
    for feature in FEATURES:
        told = [one.values[feature.name] for one in cases]
        columns[feature.name] = pa.array(told, pa.string() if feature.is_word else pa.float64())
    return pa.table(columns)


_FIELDS = {
    "lead_id": "word", "account_id": "word", "crm_id": "word", "moment": "micros",
    "settled_at": "micros", "won": "truth", "value": "number", "owner": "word",
    "email_domain": "word", "propensity": "number", "propensity_source": "word",
}  # fmt: skip


def _type(kind: str) -> pa.DataType:
    import pyarrow as pa

    return {
        "word": pa.string(),
        "micros": pa.int64(),
        "truth": pa.bool_(),
        "number": pa.float64(),
    }[kind]


def write_cases(
    installation: Installation, origin: Origin, cases: Sequence[Case], spared: Collection[str] = ()
) -> Path:
    """The file appears under its name whole, or not at all; then the oldest of that model go.

    `spared`: versions that stay however old they are, since what serves is judged by its cases.
    """
    import pyarrow.parquet as pq

    folder = installation.cases
    folder.mkdir(exist_ok=True)
    final = folder / f"{origin.model}-{origin.version}.parquet"
    table = table_of(cases).replace_schema_metadata({_ABOUT: msgspec.json.encode(origin)})
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".new-", delete=False) as file:
        try:
            pq.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(final)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    _prune(installation, str(origin.model), spared)
    return final


def _prune(installation: Installation, model: str, spared: Collection[str]) -> None:
    stay = {f"{model}-{version}" for version in spared}
    for old in [one for one in files(installation) if _told(one)[0] == model][KEPT:]:
        if old.stem not in stay:
            old.unlink(missing_ok=True)


def files(installation: Installation) -> list[Path]:
    """Newest version first."""
    found = [path for path in installation.cases.glob("*.parquet") if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: _told(path)[::-1], reverse=True)


def _told(file: Path) -> tuple[str, int]:
    """Model and version that its name tells."""
    name, _, version = file.stem.rpartition("-")
    return name, int(version)


def read_cases(file: Path) -> Cases | None:
    """None for a file of features that are defined otherwise today: its values would mislead.

    WorkError when the file is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
        about = (table.schema.metadata or {})[_ABOUT]
        origin = msgspec.json.decode(about, type=Origin)
    except (OSError, pa.ArrowException, KeyError, msgspec.MsgspecError) as problem:
        raise WorkError(
            f"{file} cannot be read: {problem}",
            do="remove it and run `leadline train`, which writes the cases anew",
        ) from problem
    return Cases(origin, table) if origin.definitions == DEFINITIONS else None
