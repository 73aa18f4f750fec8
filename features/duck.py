"""DuckDB over the lake, with a bound on its memory: beyond it, work spills into the installation.

Without one it would take 80 % of the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


@contextmanager
def opened(memory_mb: int, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, for one piece of work. Times come back in UTC."""
    import duckdb

    spill.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(spill),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",  # nothing is ever downloaded
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()
