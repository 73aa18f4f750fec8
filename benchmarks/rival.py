"""The plain endpoint of plain.py, filled with the same leads and started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.child import serving
from benchmarks.flat import columns_of, fill_flat
from benchmarks.model import grow
from benchmarks.place import Place
from features.definitions import Entity
from features.vector import FeatureVector
from serving.running.embedded import free_port

PATH = "/score"


@contextmanager
def plain_endpoint(place: Place, vectors: Sequence[FeatureVector]) -> Iterator[int]:
    """Yields its port."""
    import numpy as np

    fill_flat(place.installation.feast, place.url, vectors)
    names = [name for entity in Entity for name in columns_of(entity)]
    rows = [[float(one.values.get(name) or 0.0) for name in names] for one in vectors]
    trees = place.installation.run / "flat.txt"
    grow(np.array(rows)).save_model(trees)
    port = free_port()
    command = ("bentoml", "serve", "benchmarks.plain:Plain", "--port", str(port))
    variables = {
        "BENCH_FLAT": str(place.installation.feast),
        "BENCH_REDIS": place.url,
        "BENCH_TREES": str(trees),
        "BENTOML_HOME": str(place.installation.run / "bentoml"),
    }
    log = place.installation.logs / "plain.log"
    with serving(command, log, f"http://127.0.0.1:{port}/readyz", variables):
        yield port
