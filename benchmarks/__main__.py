"""`python -m benchmarks [NAME…] [--quick]`: runs them, prints their tables, writes their JSON."""

from __future__ import annotations

import importlib
import time
from pathlib import Path

import click
from rich.console import Console

from benchmarks.bench import Bench, Size
from benchmarks.table import Result, Table, machine, show, write
from core.clock import SystemClock, to_iso

NAMES = (
    *("worker", "log", "online", "memory", "update", "score", "growth", "soak", "overload"),
    *("offline", "rules", "train"),
)
RESULTS = Path(__file__).parent / "results"


def run(name: str, bench: Bench) -> list[Table]:
    """One benchmark's tables."""
    tables: list[Table] = importlib.import_module(f"benchmarks.{name}").run(bench)
    return tables


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="Smaller crowds, fewer rounds, one million rows.")
def main(names: tuple[str, ...], quick: bool) -> None:
    """Measure NAMES, or everything. Each prints a table and writes benchmarks/results/NAME.json."""
    console = Console(width=150)
    size = Size.QUICK if quick else Size.FULL
    with Bench(size) as bench:
        for name in names or NAMES:
            here, now, started = machine(), SystemClock().now(), time.perf_counter()
            with console.status(f"{name} …"):
                tables = run(name, bench)
            seconds = time.perf_counter() - started
            show(tables, console)
            path = write(RESULTS, Result(name, size, to_iso(now), seconds, here, tables))
            console.print(f"{name}: {seconds:.1f} s, {path}\n", highlight=False, markup=False)


if __name__ == "__main__":
    main()
