"""What a contract suite writes to and asks."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from core.database import writing
from core.installation import Installation
from features.lake import Lake
from features.record import TileRow


class Store(msgspec.Struct):
    """An installation whose history Feast reads from one kind of offline store."""

    installation: Installation
    engine: sa.Engine
    lake: Lake

    def write(self, rows: list[TileRow], offsets: tuple[int, int], recorded_at: int) -> None:
        """One batch, as the worker writes it."""
        self.lake.write_rows(rows, offsets, recorded_at)
        with writing(self.engine) as connection:
            self.lake.list_pending(connection)
        self.lake.publish()
