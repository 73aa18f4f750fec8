"""Pictures that commands write: whole and the same each time, or one line."""

from __future__ import annotations

import sys

import pytest

from core.errors import WorkError
from core.picture import picture


def _draw(file):
    with picture(file, 2, 1) as figure:
        figure.subplots().plot([1, 2], [3, 4])


def test_the_same_drawing_gives_the_same_bytes(tmp_path):
    """A picture that changes names a change of what it shows."""
    _draw(tmp_path / "a.png")
    _draw(tmp_path / "b.png")

    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """A wrong path is a line, not a traceback."""
    with pytest.raises(WorkError, match=r"cannot write .*x\.png: No such file"):
        _draw(tmp_path / "no" / "x.png")


def test_a_missing_library_is_told(tmp_path, monkeypatch):
    """A broken installation: a line that names the package."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(WorkError, match="needs matplotlib"):
        _draw(tmp_path / "x.png")


def test_what_breaks_in_the_drawing_is_not_hidden(tmp_path):
    """Only what the file system says is the operator's."""
    with pytest.raises(ZeroDivisionError), picture(tmp_path / "x.png", 1, 1):
        raise ZeroDivisionError
    assert not (tmp_path / "x.png").exists()
