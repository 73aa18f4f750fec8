"""Which version a folder of rules began from: `show --out` notes it, `publish` looks."""

from __future__ import annotations

from pathlib import Path

from core.errors import DefinitionError

NOTE = ".version"


def note_version(folder: Path, number: int) -> None:
    (folder / NOTE).write_text(f"{number}\n")


def noted_version(folder: Path | None) -> int | None:
    """None for a folder that `show` did not make. DefinitionError for a note that is no number."""
    note = None if folder is None else folder / NOTE
    if note is None or not note.is_file():
        return None
    text = note.read_text(errors="replace").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DefinitionError(
            f"{note} holds no version's number",
            do="remove it, and name the version that you began from with --expected",
        )
    return int(text)
