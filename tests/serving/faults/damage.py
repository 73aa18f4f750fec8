"""Ways in which the files of a release come to harm."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from scoring.card import CARD_FILE, MOST_CARD, MOST_TREES, TREES_FILE

Damage = Callable[[Path, Path, random.Random], None]
"""Takes the folder to harm, the folder of another version, and what it draws from."""


def _file(folder: Path, draw: random.Random) -> Path:
    return folder / draw.choice((CARD_FILE, TREES_FILE))


def _flip(folder: Path, other: Path, draw: random.Random) -> None:
    path = _file(folder, draw)
    told = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 1, 1, 2, 50))):
        told[draw.randrange(len(told))] ^= 1 << draw.randrange(8)
    path.write_bytes(told)


def _digit(folder: Path, other: Path, draw: random.Random) -> None:
    """One digit becomes another: the text stays well-formed."""
    path = _file(folder, draw)
    told = bytearray(path.read_bytes())
    at = draw.choice([at for at, byte in enumerate(told) if chr(byte).isdigit()])
    told[at] = draw.choice([byte for byte in b"0123456789" if byte != told[at]])
    path.write_bytes(told)


def _cut(folder: Path, other: Path, draw: random.Random) -> None:
    path = _file(folder, draw)
    os.truncate(path, draw.randrange(path.stat().st_size))


def _extend(folder: Path, other: Path, draw: random.Random) -> None:
    with _file(folder, draw).open("ab") as file:
        file.write(draw.choice((b" ", b"\n", b"\0" * 512, b"\n\n[]", draw.randbytes(40))))


def _empty(folder: Path, other: Path, draw: random.Random) -> None:
    _file(folder, draw).write_bytes(b"")


def _missing(folder: Path, other: Path, draw: random.Random) -> None:
    shutil.rmtree(folder) if draw.random() < 0.3 else _file(folder, draw).unlink()


def _folder(folder: Path, other: Path, draw: random.Random) -> None:
    path = _file(folder, draw)
    path.unlink()
    path.mkdir()


def _swap(folder: Path, other: Path, draw: random.Random) -> None:
    card, trees = folder / CARD_FILE, folder / TREES_FILE
    told = card.read_bytes()
    card.write_bytes(trees.read_bytes())
    trees.write_bytes(told)


def _other_version(folder: Path, other: Path, draw: random.Random) -> None:
    """One file of another version, or both: well-formed, and of another model."""
    for name in draw.choice(((CARD_FILE,), (TREES_FILE,), (CARD_FILE, TREES_FILE))):
        shutil.copy(other / name, folder / name)


def _huge(folder: Path, other: Path, draw: random.Random) -> None:
    os.truncate(folder / CARD_FILE, MOST_CARD + 1)
    os.truncate(folder / TREES_FILE, MOST_TREES + 1)


def _pipe(folder: Path, other: Path, draw: random.Random) -> None:
    """Whoever opens it waits for ever."""
    path = _file(folder, draw)
    path.unlink()
    os.mkfifo(path)


def _endless(folder: Path, other: Path, draw: random.Random) -> None:
    path = _file(folder, draw)
    path.unlink()
    path.symlink_to(draw.choice((Path("/dev/zero"), path)))


def _nested(folder: Path, other: Path, draw: random.Random) -> None:
    (folder / CARD_FILE).write_bytes(b"[" * draw.choice((10, 100_000)))


def _unreadable(folder: Path, other: Path, draw: random.Random) -> None:
    """A name that leads nowhere reads as a file without rights does, for the superuser as well."""
    path = _file(folder, draw)
    path.chmod(0)
    path.unlink()
    path.symlink_to(folder / "gone")


DAMAGES: tuple[Damage, ...] = (
    _flip, _flip, _flip, _flip, _digit, _digit, _digit, _cut, _cut, _extend, _empty, _missing,
    _folder, _swap, _other_version, _huge, _pipe, _endless, _nested, _unreadable,
)  # fmt: skip
"""Each as often as it stands here; most of all such as leave files that look right."""
