"""A lead's full vector, in process: our read of Feast's bytes against `get_online_features`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmarks.bench import SEED, Bench, Size
from benchmarks.flat import COLUMNS, fill_flat, read_flat
from benchmarks.table import Cell, Table
from benchmarks.timing import latency, median, side_by_side
from core.clock import SystemClock
from events.identity.index import Found
from features.definitions import FEATURES, Entity
from features.feast_store import apply, open_store
from features.names import KEYS, VALUE, VIEWS
from features.online import FIELD, OnlineStore, key_of
from features.vector import FeatureVector, Stored, vector
from features.vector import vectors as made_of

if TYPE_CHECKING:
    from feast import FeatureStore
    from redis import Redis

BLOCKS = {Size.TINY: 1, Size.QUICK: 10, Size.FULL: 20}
BLOCK = 50
MANY = {Size.TINY: 1, Size.QUICK: 5, Size.FULL: 9}
MOST = 1_000
_REFERENCES = [f"{view}:{VALUE}" for view in VIEWS.values()]


def run(bench: Bench) -> list[Table]:
    place, pairs = bench.filled, bench.pairs()
    apply(place.installation)
    tiles = open_store(place.installation, place.url, 20.0)
    flat = fill_flat(place.installation.feast, place.url, vectors(place.store, pairs))
    dice = random.Random(SEED)
    return [
        _one(place.store, tiles, flat, pairs, dice, BLOCKS[bench.size]),
        _many(place.client, place.store, flat, pairs[:MOST], MANY[bench.size]),
    ]


def vectors(store: OnlineStore, pairs: Sequence[Found]) -> list[FeatureVector]:
    """As of now, as a score call makes them."""
    now = SystemClock().now()
    told = zip(pairs, store.read(pairs), strict=True)
    return made_of([Stored(*pair, *blobs, now) for pair, blobs in told])


def _one(
    store: OnlineStore,
    tiles: FeatureStore,
    flat: FeatureStore,
    pairs: Sequence[Found],
    dice: random.Random,
    rounds: int,
) -> Table:
    runs: dict[str, Callable[[], object]] = {
        f"ours: all {len(FEATURES)} features": lambda: vectors(store, [dice.choice(pairs)]),
        "ours: the read alone": lambda: store.read([dice.choice(pairs)]),
        "Feast, the same tiles": lambda: _by_feast(tiles, dice.choice(pairs)),
        f"Feast, 2 × {COLUMNS} flat columns": lambda: read_flat(flat, [dice.choice(pairs)]),
    }
    told = side_by_side(runs, rounds, BLOCK, warm=5)
    targets = dict.fromkeys(runs, "") | {next(iter(runs)): "p50 ≤ 0.4 ms, flat ≥ 3"}
    return Table("online: one lead with its account", _rows(told, targets))


def _by_feast(store: FeatureStore, pair: Found) -> FeatureVector:
    """The same vector, its tiles read by Feast."""
    asked = {KEYS[Entity.LEAD]: pair[0], KEYS[Entity.ACCOUNT]: pair[1] or ""}
    told = store.get_online_features(_REFERENCES, [asked], full_feature_names=True).to_dict()
    lead, account = (told[f"{VIEWS[entity]}__{VALUE}"][0] for entity in Entity)
    return vector(*pair, lead, account, SystemClock().now())


def _many(
    client: Redis, store: OnlineStore, flat: FeatureStore, pairs: Sequence[Found], rounds: int
) -> Table:
    runs: dict[str, Callable[[], object]] = {
        "ours: all features": lambda: vectors(store, pairs),
        "ours: the read alone": lambda: store.read(pairs),
        "raw pipelined read": lambda: _raw(client, pairs),
        f"Feast, 2 × {COLUMNS} flat columns": lambda: read_flat(flat, pairs),
    }
    told = side_by_side(runs, rounds)
    targets = dict(zip(runs, ("≤ 60 ms", "", "≤ 15 ms", ""), strict=True))
    return Table(f"online: {len(pairs):,} leads in one read", _rows(told, targets))


def _raw(client: Redis, pairs: Sequence[Found]) -> list[object]:
    """Nothing but the bytes: what the server and its client cost."""
    with client.pipeline(transaction=False) as pipe:
        for lead_id, account_id in pairs:
            for entity, name in ((Entity.LEAD, lead_id), (Entity.ACCOUNT, account_id or "")):
                pipe.execute_command("HGET", key_of(entity, name), FIELD[entity])
        replies: list[object] = pipe.execute()
    return replies


def _rows(told: dict[str, list[float]], targets: dict[str, str]) -> list[dict[str, Cell]]:
    """`× ours` is how many times longer than the first row, at the median."""
    ours = median(next(iter(told.values())))
    return [
        {
            "way": name,
            **latency(seconds),
            "× ours": median(seconds) / ours,
            "target": targets[name],
        }
        for name, seconds in told.items()
    ]
