"""The child of offline.py: reads (lead, moment) pairs from a history and says what it took.

`python -m benchmarks.join FOLDER LEADS PAIRS` prints JSON: seconds, and how many were found.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.bench import SEED
from benchmarks.lake import END, SPAN, lead_id
from core.database import open_record
from core.installation import Installation
from features.offline import lead_vectors


class Joined(msgspec.Struct):
    seconds: float
    found: int
    """Pairs whose lead had been heard of by their moment."""


def main(folder: str, leads: int, pairs: int) -> None:
    installation = Installation(Path(folder))
    engine = open_record(installation.record_db)
    dice = random.Random(SEED)
    asks = [(lead_id(dice.randrange(leads)), END - dice.randrange(SPAN)) for _ in range(pairs)]
    # Feast's import and registry are paid once a process, whatever the size.
    lead_vectors(installation, engine, asks[:1])
    started = time.perf_counter()
    vectors = lead_vectors(installation, engine, asks)
    seconds = time.perf_counter() - started
    found = sum(1 for one in vectors if one is not None and one.values["page_views_ever"])
    sys.stdout.write(msgspec.json.encode(Joined(seconds, found)).decode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
