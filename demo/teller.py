"""What people see while it runs: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_EVERY = 0.2
"""Without a terminal a line is printed whenever so much more of the whole is done."""

Advance = Callable[[int], None]


class Teller:
    """Prints steps and their progress, and keeps how long each step took."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self.step_seconds: dict[str, float] = {}

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[None]:
        """Seconds are kept under `name` when the block ends well."""
        self.line(f"▸ {title}")
        started = time.perf_counter()
        yield
        self.step_seconds[name] = round(time.perf_counter() - started, 1)
        self.line(f"  done in {self.step_seconds[name]:.1f} s")

    @contextmanager
    def progress(self, what: str, total: int) -> Iterator[Advance]:
        """Gives a function that is told how many more of `total` are done."""
        if not self._console.is_terminal:
            yield self._plain(what, total)
            return
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self._console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.advance(task, more)

    def _plain(self, what: str, total: int) -> Advance:
        done, told = 0, 0.0

        def advance(more: int) -> None:
            nonlocal done, told
            done += more
            if done < total and done / total >= told + _EVERY:
                told = done / total
                self.line(f"  {what}: {done:,} of {total:,}")

        return advance
