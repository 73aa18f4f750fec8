"""Tiles of many entities as one run of bytes, and where in it each item of each section begins.

Items are never cut out: a byte of fifty thousand of them is taken from where it lies, which costs
less than a thousand slices would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.blob import FORMAT, HEAD_SIZE, SECTIONS, split_parts
from features.older import renewed
from features.tiles import EMPTY

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_HEAD = np.dtype(
    [("format", "u1"), ("capped", "u1"), ("newest", "<i4"), ("many", "<u2", 4), ("few", "u1", 5),
     ("last", "<u2")]
)  # fmt: skip
"""As `blob` writes it: the last three count the items of the sections."""


class Items(NamedTuple):
    """Those of one section, of all entities in their order."""

    bytes_: Bytes
    row: Ints
    at: Ints
    """Where each begins."""

    def byte(self, offset: int) -> Bytes:
        return self.bytes_.take(self.at + offset)

    def bytes_of(self, offset: int, width: int) -> Bytes:
        """Items × width."""
        return self.bytes_.take(self.at[:, None] + np.arange(offset, offset + width))

    def number(self, offset: int, kind: str) -> NDArray[Any]:
        """One of several bytes; `kind` as numpy writes it."""
        width = np.dtype(kind).itemsize
        return self.bytes_of(offset, width).view(kind)[:, 0]


class Packed:
    """A row an entity; None or no bytes are empty tiles. BlobError when bytes are no tiles; of what
    the sections hold nothing is said.
    """

    def __init__(self, blobs: Sequence[bytes | None]) -> None:
        told = [renewed(blob) if blob else EMPTY for blob in blobs]
        size = np.fromiter(map(len, told), np.int64, len(told))
        _refuse(told, size < HEAD_SIZE)
        self.joined = b"".join(told)
        self._bytes = np.frombuffer(self.joined, np.uint8)
        end = np.cumsum(size)
        begin = end - size
        heads = self._bytes[begin[:, None] + np.arange(HEAD_SIZE)].view(_HEAD)[:, 0]
        _refuse(told, heads["format"] != FORMAT)
        self.newest = heads["newest"].astype(np.int64)
        self.capped: list[int] = heads["capped"].tolist()
        self.counts: Ints = np.vstack([heads["many"].T, heads["few"].T, heads["last"]], dtype=int)
        """Sections × rows."""
        lengths = self.counts * np.array(SECTIONS)[:, None]
        begins = np.cumsum(np.vstack([begin + HEAD_SIZE, lengths]), axis=0)
        _refuse(told, begins[-1] > end)
        self._first = begins[:-1] - (np.cumsum(lengths, axis=1) - lengths)
        """Where each row's items would begin, were those of all rows before it not counted."""
        self._texts = begins[-1]
        self._rows = np.arange(len(told))
        self._end = end

    def items(self, section: int) -> Items:
        counts, size = self.counts[section], SECTIONS[section]
        at = np.repeat(self._first[section], counts)
        at += np.arange(0, size * len(at), size)
        return Items(self._bytes, np.repeat(self._rows, counts), at)

    def texts(self) -> list[bytes]:
        """Of each row, what comes behind its sections."""
        ends = zip(self._texts.tolist(), self._end.tolist(), strict=True)
        return [self.joined[begin:end] for begin, end in ends]


def _refuse(blobs: Sequence[bytes], bad: NDArray[np.bool_]) -> None:
    """BlobError, as one of these by itself would raise it."""
    for at in np.flatnonzero(bad):
        split_parts(blobs[int(at)])
