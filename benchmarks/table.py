"""What a benchmark answers: a table to print, and the same as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table as Printed

Cell = str | float | None
"""A number, a word, or not measured."""


class Table(msgspec.Struct):
    """Rows of equal columns; a column's name carries its unit."""

    title: str
    rows: list[dict[str, Cell]]
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.rows[0])


class Machine(msgspec.Struct):
    """Where it was measured; the load says who else was at work."""

    cores: int | None
    python: str
    system: str
    load_before: tuple[float, float, float]


class Result(msgspec.Struct):
    """One run of one benchmark."""

    name: str
    size: str
    measured_at: str
    seconds: float
    machine: Machine
    tables: list[Table]


def machine() -> Machine:
    system = f"{platform.system()} {platform.machine()}"
    return Machine(os.cpu_count(), platform.python_version(), system, os.getloadavg())


def show(tables: Sequence[Table], console: Console) -> None:
    for table in tables:
        printed = Printed(title=table.title, title_justify="left", caption_justify="left")
        for name in table.columns:
            left = isinstance(table.rows[0][name], str)
            printed.add_column(name, justify="left" if left else "right")
        for row in table.rows:
            printed.add_row(*(_told(cell) for cell in row.values()))
        printed.caption = "\n".join(table.notes) or None
        console.print(printed)


def write(folder: Path, result: Result) -> Path:
    """`<folder>/<name>.json`, replacing the run before."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{result.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    return path


def _told(cell: Cell) -> str:
    """Three figures that count, thousands apart: more would pretend."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
