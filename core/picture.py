"""A picture drawn without a screen, and one line where there can be none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import WorkError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def picture(file: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure to draw on, in inches; written as a PNG when the block ends. The same drawing gives
    the same bytes.

    WorkError when the file cannot be written or matplotlib is not there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as problem:
        raise WorkError("a plot needs matplotlib", do="install it, or ask for none") from problem

    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure
    try:
        figure.savefig(file, dpi=110, format="png", metadata={"Software": None})
    except OSError as problem:
        raise WorkError(f"cannot write {file}: {problem.strerror or problem}") from problem
