"""What a team composes of the two tools' own servers: `feast serve`, then `mlflow models serve`.

Each score is two calls, as the client of such a pair makes them: the flat columns of a lead and its
account, then the model's probability of that row. No identifiers, rules, bands or reasons.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.child import serving
from benchmarks.flat import REFERENCES, columns_of, fill_flat, flat_settings
from benchmarks.load import Load
from benchmarks.model import grow
from benchmarks.place import Place
from events.identity.index import Found
from features.definitions import Entity
from features.names import KEYS
from features.vector import FeatureVector
from serving.running.embedded import free_port

COLUMNS = [name for entity in Entity for name in columns_of(entity)]
_FOREVER = "0"
"""As `--max-requests`: else each thousandth request would wait for a new worker."""


class Composition(NamedTuple):
    """The ports of both servers."""

    features: int
    model: int

    def score(self, pairs: Sequence[Found], connections: int = 1) -> Load:
        """One lead a call, on so many connections at once. RuntimeError on any answer but 200."""
        started = time.perf_counter()
        with ThreadPoolExecutor(connections) as threads:
            parts = [pairs[at::connections] for at in range(connections)]
            each = [second for some in threads.map(self._score, parts) for second in some]
        return Load(each, time.perf_counter() - started)

    def batch(self, pairs: Sequence[Found]) -> float:
        """Seconds for all of them in one call to each server."""
        features, model = self._connect()
        started = time.perf_counter()
        _predict(model, _read(features, pairs))
        return time.perf_counter() - started

    def _score(self, pairs: Sequence[Found]) -> list[float]:
        features, model = self._connect()
        each = []
        for pair in pairs:
            started = time.perf_counter()
            _predict(model, _read(features, [pair]))
            each.append(time.perf_counter() - started)
        return each

    def _connect(self) -> tuple[HTTPConnection, HTTPConnection]:
        return HTTPConnection("127.0.0.1", self.features), HTTPConnection("127.0.0.1", self.model)


@contextmanager
def composition(place: Place, vectors: Sequence[FeatureVector]) -> Iterator[Composition]:
    """Both servers, each with one worker, on the leads of `vectors`."""
    fill_flat(place.installation.feast, place.url, vectors)
    ports = Composition(free_port(), free_port())
    # Both start programs by name: those of this environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with ExitStack() as opened:
        for command, log, ready in (
            (_feast(place, ports.features), "feast.log", f"{ports.features}/health"),
            (_mlflow(place, ports.model, vectors), "mlflow.log", f"{ports.model}/ping"),
        ):
            at = place.installation.logs / log
            opened.enter_context(serving(command, at, f"http://127.0.0.1:{ready}", {"PATH": path}))
        yield ports


def _feast(place: Place, port: int) -> tuple[str, ...]:
    """Its command, in a folder of settings that name the flat columns' registry."""
    folder = place.installation.run / "flat"
    folder.mkdir(exist_ok=True)
    settings = flat_settings(place.installation.feast, place.url)
    (folder / "feature_store.yaml").write_bytes(msgspec.json.encode(settings))
    asked = ("serve", "--port", str(port), "--no-access-log", "--max-requests", _FOREVER)
    return ("feast.cli.cli", "--chdir", str(folder), *asked)


def _mlflow(place: Place, port: int, vectors: Sequence[FeatureVector]) -> tuple[str, ...]:
    """Its command, on trees over the flat columns that are saved as MLflow saves LightGBM's."""
    import mlflow.lightgbm
    import numpy as np

    rows = np.array([[float(one.values.get(name) or 0.0) for name in COLUMNS] for one in vectors])
    saved = place.installation.run / "flat-model"
    packages = ["lightgbm"]  # named, so that MLflow does not look for them for half a minute
    mlflow.lightgbm.save_model(grow(rows), str(saved), pip_requirements=packages)
    asked = ("--host", "127.0.0.1", "--port", str(port), "--env-manager", "local")
    return ("mlflow", "models", "serve", "--model-uri", str(saved), *asked)


def _read(server: HTTPConnection, pairs: Sequence[Found]) -> list[list[Any]]:
    """The flat columns of these leads, a row each."""
    entities = {
        KEYS[Entity.LEAD]: [lead_id for lead_id, _ in pairs],
        KEYS[Entity.ACCOUNT]: [account_id or "" for _, account_id in pairs],
    }
    told = _post(server, "/get-online-features", {"features": REFERENCES, "entities": entities})
    by_name = {
        name: one["values"]
        for name, one in zip(told["metadata"]["feature_names"], told["results"], strict=True)
    }
    return [list(row) for row in zip(*(by_name[name] for name in COLUMNS), strict=True)]


def _predict(server: HTTPConnection, rows: Sequence[Sequence[Any]]) -> list[float]:
    asked = {"dataframe_split": {"columns": COLUMNS, "data": rows}}
    told: list[float] = _post(server, "/invocations", asked)["predictions"]
    return told


def _post(server: HTTPConnection, path: str, asked: dict[str, Any]) -> Any:
    body = msgspec.json.encode(asked)
    server.request("POST", path, body, {"Content-Type": "application/json"})
    answer = server.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} refused: {answer.status} {told[:300]!r}")
    return msgspec.json.decode(told)
