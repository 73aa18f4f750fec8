"""How the values of each feature were spread in a sample, and how far another one has moved away.

A model's profile, that of its training set, lies beside it in the release folder.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.errors import WorkError
from features.vector import FeatureVector
from features.windows import Value

PROFILE_FILE = "profile.json"
NAMED = 10
"""Numbers with no more different values than this are counted value by value, others by decile."""
WORDS = 50
"""Of one feature, the most frequent first; rarer ones are counted together."""
DECILES = 10
FLOOR = 1e-4
"""The least share of a bin: an empty one would make the index infinite."""


class Spread(msgspec.Struct, frozen=True):
    """Shares of one feature's values. Either `named` has the values with a share each, the rest
    being others; or `edges` has the bins' upper borders, included, with one bin beyond the last.
    """

    missing: float
    shares: tuple[float, ...]
    named: tuple[float | str, ...] = ()
    edges: tuple[float, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    examples: int
    spreads: dict[str, Spread]


def profile_of(vectors: Sequence[FeatureVector]) -> Profile:
    """Of every feature that the vectors hold."""
    names = vectors[0].values if vectors else ()
    return Profile(
        len(vectors), {name: spread_of([one.values[name] for one in vectors]) for name in names}
    )


def spread_of(values: Sequence[Value]) -> Spread:
    """Of at least one value."""
    there = [value for value in values if value is not None]
    missing = 1 - len(there) / len(values)
    counted = Counter(there)
    numbers = [value for value in there if not isinstance(value, str)]
    if len(counted) > NAMED and len(numbers) == len(there):
        edges = _deciles(numbers)
        empty = Spread(missing, (), edges=edges)
    else:
        empty = Spread(missing, (), named=tuple(value for value, _ in counted.most_common(WORDS)))
    return msgspec.structs.replace(empty, shares=tuple(_shares(empty, values)[1:-1]))


def _deciles(numbers: list[float]) -> tuple[float, ...]:
    """The nine borders; fewer where one value fills more than a tenth."""
    numbers = sorted(numbers)
    last = len(numbers) - 1
    return tuple(sorted({numbers[last * at // DECILES] for at in range(1, DECILES)}))


def psi(spread: Spread, values: Sequence[Value]) -> float:
    """Population stability index, Σ (q − p) · ln(q / p) over the bins, missing being one of them;
    p the shares of `spread`, q those of `values`. 0 for equal shares; by the customary reading
    below 0.1 nothing has moved and above 0.25 much has (Siddiqi, Credit Risk Scorecards, 2006).
    """
    others = max(0.0, 1 - spread.missing - sum(spread.shares))
    expected = (spread.missing, *spread.shares, others)
    told = 0.0
    for before, now in zip(expected, _shares(spread, values), strict=True):
        p, q = max(before, FLOOR), max(now, FLOOR)
        told += (q - p) * math.log(q / p)
    return told


def _shares(spread: Spread, values: Sequence[Value]) -> list[float]:
    """Missing first, then the bins, then what is in none of them."""
    bins = len(spread.edges) + 1 if spread.edges else len(spread.named)
    place = {value: at for at, value in enumerate(spread.named, start=1)}
    counts = [0] * (bins + 2)
    for value in values:
        if value is None:
            counts[0] += 1
        elif not spread.edges:
            counts[place.get(value, bins + 1)] += 1
        elif isinstance(value, str):
            counts[-1] += 1
        else:
            counts[bisect_left(spread.edges, value) + 1] += 1
    return [count / len(values) for count in counts]


def write_profile(folder: Path, profile: Profile) -> None:
    (folder / PROFILE_FILE).write_bytes(msgspec.json.encode(profile))


def read_profile(folder: Path) -> Profile | None:
    """None if the model was published without one. WorkError if it cannot be read."""
    path = folder / PROFILE_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Profile)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as problem:
        raise WorkError(
            f"{path} cannot be read: {problem}", do="run `leadline train` again"
        ) from problem
