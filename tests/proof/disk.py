"""A disk that forgets: what SQLite has written but not synced is gone after a power cut.

A pass-through VFS: files are where they always are, and beside them the disk remembers what a
platter would hold, which is what was written before the last sync of each file.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import apsw

NAME = "forgetful"
EVERY = 7
"""A cut each so many writes and syncs: at every point of a commit, in the course of many."""

Kept = Callable[[], bool]
"""Whether a write that was not synced reached the platter all the same."""


class Lost(NamedTuple):
    """Over all power cuts of one run; each cut counts what had been acknowledged by then."""

    cuts: int
    acknowledged: int
    missing: int


class Image(NamedTuple):
    """What a power cut leaves: file → bytes. `seen` is what the watcher had seen by then."""

    files: dict[str, bytes]
    seen: Any

    def lay_out(self, folder: Path) -> None:
        """As after the machine has come back."""
        folder.mkdir(parents=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


class Disk:
    """Use as a context manager: the VFS is known to SQLite while the block runs.

    Every `every`-th write or sync the power is cut; `see` is asked at each cut, before it.
    """

    def __init__(self, every: int, see: Callable[[], Any], kept: Kept) -> None:
        self._every = every
        self._see = see
        self._kept = kept
        self._operations = 0
        self._lock = threading.RLock()
        self._platters: dict[str, bytearray] = {}
        self._unsynced: dict[str, list[tuple[int, bytes | None]]] = {}
        self.images: list[Image] = []

    def __enter__(self) -> Disk:
        self._vfs = _Vfs(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._vfs.unregister()

    def write(self, name: str, at: int, content: bytes | None) -> None:
        """None cuts the file at that length."""
        with self._lock:
            self._unsynced.setdefault(name, []).append((at, content))
            self._count()

    def sync(self, name: str) -> None:
        with self._lock:
            platter = self._platters.setdefault(name, bytearray())
            for at, content in self._unsynced.pop(name, []):
                _apply(platter, at, content)
            self._count()

    def delete(self, name: str) -> None:
        """At once: whether a name is gone early or late, SQLite copes; its content matters here."""
        with self._lock:
            self._platters.pop(name, None)
            self._unsynced.pop(name, None)

    def _count(self) -> None:
        self._operations += 1
        if self._operations % self._every == 0:
            seen = self._see()  # first: what is acknowledged later need not be in the image
            names = {*self._platters, *self._unsynced}
            files = {Path(name).name: self._after_the_cut(name) for name in names}
            self.images.append(Image(files, seen))

    def _after_the_cut(self, name: str) -> bytes:
        platter = bytearray(self._platters.get(name, b""))
        for at, content in self._unsynced.get(name, []):
            if self._kept():
                _apply(platter, at, content)
        return bytes(platter)


def _apply(platter: bytearray, at: int, content: bytes | None) -> None:
    if content is None:
        del platter[at:]
        return
    if len(platter) < at:
        platter.extend(bytes(at - len(platter)))
    platter[at : at + len(content)] = content


class _Vfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(NAME, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's names
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, syncdir)
        self._disk.delete(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        told = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = told or "temporary"
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._disk.write(self._name, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._disk.write(self._name, newsize, None)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        self._disk.sync(self._name)
