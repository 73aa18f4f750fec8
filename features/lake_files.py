"""Which Parquet files the lake consists of, and how some of them are replaced by another.

A name never stands for two contents: a reader that opened a file by its name may open it again.
So a file is replaced by one of a new name, in four steps, and a crash after any of them is mended
by `finish` or by the next start:

1. the new file is written under a temporary name;
2. one transaction lists it, unlists the old ones and notes them as left behind;
3. it takes its own name;
4. the old ones are removed once no query can still be reading them.

A reader that lists a folder sees the old files until 3, old and new between 3 and 4, and the new
one from then on: never less than every row. The rows that it sees twice are equal, and of equal
rows a point-in-time join takes one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from core.database import chunks, metadata, reading, writing
from core.errors import WorkError
from features.record import LAKE_FILE

WRITING = ".writing"
"""Behind the name of a batch's file until the batch has committed."""
MERGING = ".merging"
"""Behind the name of a file that is to replace others."""

LAKE_LEFT = sa.Table(
    "lake_left",
    metadata,
    sa.Column("path", sa.String, primary_key=True),  # replaced, still there for running queries
    sa.Column("since", sa.BigInteger, nullable=False),
)


class LakeFile(NamedTuple):
    """One Parquet file: rows of one kind, of events recorded on one UTC day."""

    path: str
    first_offset: int
    last_offset: int
    rows: int

    @property
    def kind(self) -> str:
        return self.path.split("/")[0]

    @property
    def day(self) -> str:
        return self.path.split("/")[1].removeprefix("day=")

    @property
    def generation(self) -> int:
        """How many times its rows were written anew: 0 for a batch's own file."""
        parts = self.path.rsplit("/", 1)[1].split(".")
        return int(parts[1].split("-")[0]) if len(parts) == 3 else 0


def successor(old: Sequence[LakeFile], rows: int) -> LakeFile:
    """The file that stands for `old`, all of one kind and day: `first-last.generation-digest`.

    The digest of the old names makes it unique: no file is replaced twice.
    """
    first = min(file.first_offset for file in old)
    last = max(file.last_offset for file in old)
    generation = max(file.generation for file in old) + 1
    names = "|".join(sorted(file.path for file in old))
    digest = hashlib.sha256(names.encode()).hexdigest()[:12]
    name = f"{first:012d}-{last:012d}.{generation}-{digest}.parquet"
    return LakeFile(f"{old[0].kind}/day={old[0].day}/{name}", first, last, rows)


def listed(connection: sa.Connection, kind: str | None = None) -> list[LakeFile]:
    """The files that are real, in the order of their names."""
    wanted = sa.select(LAKE_FILE).order_by(LAKE_FILE.c.path)
    if kind is not None:
        wanted = wanted.where(LAKE_FILE.c.path.startswith(f"{kind}/"))
    return [LakeFile(*row) for row in connection.execute(wanted)]


def place_of(root: Path, path: str) -> Path:
    """Where a listed file is to be read: committed a moment ago, it may lack its own name yet."""
    for suffix in ("", WRITING, MERGING):
        place = root / f"{path}{suffix}"
        if place.exists():
            return place
    return root / path


def publish(root: Path, path: str, suffix: str) -> None:
    """Gives a listed file its own name. Done before, by whomever, it is done."""
    place = root / path
    try:
        (root / f"{path}{suffix}").replace(place)
    except FileNotFoundError:
        return
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Names survive a power cut: needed before what they replace is removed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Replacer:
    """Replaces files. One at a time: whoever calls it holds the installation's lake lock."""

    def __init__(self, root: Path, engine: sa.Engine) -> None:
        self.root = root
        self._engine = engine

    def draft(self, new: LakeFile) -> Path:
        """Where step 1 writes it."""
        return self.root / f"{new.path}{MERGING}"

    def replace(self, old: Sequence[LakeFile], new: LakeFile | None, now: int) -> None:
        """Steps 2 and 3. Without `new` the old ones held nothing that is to stay."""
        paths = [file.path for file in old]
        with writing(self._engine) as connection:
            gone = sum(_unlist(connection, some) for some in chunks(paths))
            if gone != len(paths):
                raise WorkError("another process has changed the lake meanwhile", do="try again")
            connection.execute(
                sa.insert(LAKE_LEFT), [{"path": path, "since": now} for path in paths]
            )
            if new is not None:
                connection.execute(sa.insert(LAKE_FILE), [new._asdict()])
        if new is not None:
            publish(self.root, new.path, MERGING)

    def finish(self) -> None:
        """After a crash: step 3 of what was listed; what was not is removed."""
        with reading(self._engine) as connection:
            real = {file.path for file in listed(connection)}
        for draft in sorted(self.root.glob(f"*/day=*/*{MERGING}")):
            path = str(draft.relative_to(self.root)).removesuffix(MERGING)
            if path in real:
                publish(self.root, path, MERGING)
            else:
                draft.unlink(missing_ok=True)

    def sweep(self, before: int, kinds: Iterable[str] = ()) -> int:
        """Step 4 for what was replaced up to `before` (micros), of all kinds or of some."""
        with reading(self._engine) as connection:
            wanted = sa.select(LAKE_LEFT.c.path).where(LAKE_LEFT.c.since <= before)
            paths = list(connection.execute(wanted).scalars())
        heads = tuple(f"{kind}/" for kind in kinds)
        gone = [path for path in paths if not heads or path.startswith(heads)]
        for path in gone:
            (self.root / path).unlink(missing_ok=True)
        with writing(self._engine) as connection:
            for some in chunks(gone):
                connection.execute(sa.delete(LAKE_LEFT).where(LAKE_LEFT.c.path.in_(some)))
        return len(gone)


def _unlist(connection: sa.Connection, paths: list[str]) -> int:
    return connection.execute(sa.delete(LAKE_FILE).where(LAKE_FILE.c.path.in_(paths))).rowcount
