"""How the features of a training set were spread, at each age at which leads taught.

It lies beside the model in the release folder. Counts and times move with a lead's age, so leads
are compared with what others of their age were like: only then is a difference one of population.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import WorkError
from features.spread import Shares, Spread, all_shares, by_chance, psi, shares_of, spread_of
from features.vector import FeatureVector
from features.windows import Value

PROFILE_FILE = "profile.json"
AGE = "lead_age_days"
LEAST = 50
"""Leads near a taught age without whom nothing is said: a handful of visitors is no population."""
NEAR = 0.1
"""Of an age: a lead of 28 days is like those of 30, one of 40 is not."""
_DIGITS = 6


class AtAge(msgspec.Struct, frozen=True):
    """The examples of one age: the shares of each feature, in the bins of its spread."""

    examples: int
    shares: dict[str, Shares]


class Profile(msgspec.Struct, frozen=True):
    """`ages`: days → the examples of that age; empty in one from before there were any."""

    examples: int
    spreads: dict[str, Spread]
    ages: dict[int, AtAge] = {}


class Moved(NamedTuple):
    psi: float
    chance: float
    """What two samples of one population hardly ever pass."""


class Like(NamedTuple):
    """Vectors of leads near an age that was taught, and the share of each age (days → share)."""

    vectors: list[FeatureVector]
    weights: dict[int, float]


def profile_of(vectors: Sequence[FeatureVector], ages: Sequence[int] = ()) -> Profile:
    """Of every feature that the vectors hold. `ages`: of each vector, in days, as it was taught."""
    names = list(vectors[0].values) if vectors else []
    columns: dict[str, Sequence[Value]] = {
        name: [one.values[name] for one in vectors] for name in names
    }
    spreads = {name: spread_of(values) for name, values in columns.items()}
    rows: dict[int, list[int]] = {}
    for row, age in enumerate(ages):
        rows.setdefault(age, []).append(row)
    return Profile(
        len(vectors),
        spreads,
        {age: _at_age(spreads, columns, taken) for age, taken in sorted(rows.items())},
    )


def at_one_age(profile: Profile, age: int) -> Profile:
    """What was taught at that age alone; the profile itself where it tells no such age."""
    if age not in profile.ages:
        return profile
    return msgspec.structs.replace(profile, ages={age: profile.ages[age]})


def _at_age(
    spreads: dict[str, Spread], columns: dict[str, Sequence[Value]], rows: list[int]
) -> AtAge:
    told = {}
    for name, spread in spreads.items():
        values = columns[name]
        shares = shares_of(spread, [values[row] for row in rows])
        told[name] = tuple(round(one, _DIGITS) for one in shares)
    return AtAge(len(rows), told)


def like(profile: Profile, vectors: Sequence[FeatureVector]) -> Like:
    """Those that can be compared. A lead counts for the taught age that it is near to, a tenth more
    or less; one that is near none, or that the CRM never opened, is left out.
    """
    if not profile.ages:
        return Like(list(vectors), {})
    taken, counts = [], Counter[int]()
    for one in vectors:
        age = _near(profile.ages, one.values.get(AGE))
        if age is not None:
            taken.append(one)
            counts[age] += 1
    return Like(taken, {age: count / len(taken) for age, count in sorted(counts.items())})


def _near(ages: Collection[int], told: Value) -> int | None:
    if told is None or isinstance(told, str):
        return None
    nearest = min(ages, key=lambda age: abs(age + 0.5 - told))
    low, high = near(nearest)
    return nearest if low <= told < high else None


def near(age: int) -> tuple[float, float]:
    """From and below how many days a lead counts for a taught age. Teaching looks at the end of a
    day, so it met leads that were up to a day older than they are called.
    """
    return age * (1 - NEAR), age * (1 + NEAR) + 1


def moved(
    profile: Profile, name: str, values: Sequence[Value], weights: dict[int, float]
) -> Moved | None:
    """How far the values of one feature are from what was taught at ages of these weights (all
    ages together, if there are none). None for a feature that has no profile, for fewer than
    `LEAST` values at an age, and for the age itself, by which leads were chosen.
    """
    spread = profile.spreads.get(name)
    if spread is None or not values or (weights and (name == AGE or len(values) < LEAST)):
        return None
    expected = all_shares(spread)
    taught = float(profile.examples)
    if weights:
        parts = [(weight, profile.ages[age]) for age, weight in weights.items()]
        columns = zip(*(part.shares[name] for _, part in parts), strict=True)
        expected = tuple(
            sum(weight * share for (weight, _), share in zip(parts, column, strict=True))
            for column in columns
        )
        taught = 1 / sum(weight**2 / part.examples for weight, part in parts)
    return Moved(psi(spread, values, expected), by_chance(len(expected), len(values), taught))


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
