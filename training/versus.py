"""versus: two registered versions on the same leads, of which neither was taught."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.errors import WorkError
from events.labels import Label, label
from scoring import Scorer, registry
from signals.propensities import propensities
from training.bootstrap import Figures, judge
from training.commands.installed import Installed
from training.dataset import Example, examples
from training.model_card import LEADS_FILE

if TYPE_CHECKING:
    from mlflow import MlflowClient


class Versus(msgspec.Struct, frozen=True):
    """`differences`: figures of `second` less those of `first`, paired, with 95 % intervals."""

    first: str
    second: str
    rows: int
    won: int
    accounts: int
    figures: dict[str, Figures]
    """By version."""
    differences: Figures
    notes: tuple[str, ...]


def versus(installed: Installed, first: str, second: str, now: int, seed: int) -> Versus:
    """Of all leads whose end is known at `now` (microseconds, UTC), at the evaluated age.

    WorkError for an unknown version, or when no lead is left that neither was taught with.
    ModelRefused for a version whose files must not serve.
    """
    import numpy as np

    client = registry.open_registry(installed.installation)
    with (
        registry.telling(f"compare versions {first} and {second}", installed.installation),
        tempfile.TemporaryDirectory(prefix=".versus-", dir=installed.installation.run) as folder,
    ):
        _check(client, first, second)
        scorers = {name: _load(client, name, Path(folder)) for name in (second, first)}
        taught = {name: _taught(client, name, Path(folder)) for name in (first, second)}
    told = _unknown(installed, now, *(known or frozenset() for known in taught.values()))
    if not told:
        raise WorkError(
            f"there is no lead with a known end that neither version {first} nor {second} was "
            "taught with",
            do="wait until more label windows are over, or until more outcomes are imported",
        )
    won = np.array([one.label.won for one in told], dtype=bool)
    worth = np.array([one.label.value or 0.0 for one in told])
    vectors = [one.vector for one in told]
    chances = {
        name: np.array(propensities(installed.engine, scorer, vectors))
        for name, scorer in scorers.items()
    }
    outcome = judge(won, worth, [one.group for one in told], chances, seed)
    return Versus(
        first=first,
        second=second,
        rows=len(told),
        won=int(won.sum()),
        accounts=len({one.group for one in told}),
        figures={name: outcome.models[name] for name in (first, second)},
        differences=outcome.differences[first],
        notes=tuple(
            f"version {name} may have been taught with some of them: it has no list of its leads"
            for name, known in taught.items()
            if known is None
        ),
    )


def _check(client: MlflowClient, first: str, second: str) -> None:
    known = [row["version"] for row in registry.versions(client)]
    unknown = [name for name in (first, second) if name not in known]
    if unknown:
        raise WorkError(
            f"there is no version {' and no version '.join(unknown)} of {registry.MODEL_NAME}",
            do=f"there are {', '.join(known) or 'none'}: see `leadline models list`",
        )
    if first == second:
        raise WorkError(f"{first} and {second} are the same version", do="name two versions")


def _load(client: MlflowClient, version: str, folder: Path) -> Scorer:
    place = folder / version
    place.mkdir()
    return Scorer.load(registry.download(client, version, place))


def _taught(client: MlflowClient, version: str, folder: Path) -> frozenset[str] | None:
    """Ids of its leads; None for a version from before they were kept."""
    found = registry.evidence(client, version, LEADS_FILE, folder / version)
    return None if found is None else frozenset(found.read_text().split())


def _unknown(installed: Installed, now: int, *taught: frozenset[str]) -> list[Example]:
    models = installed.settings.models
    labels: list[Label] = label(installed.engine, models.label_days, now, models.undecided).known
    ages = (models.moment_days,)
    found = examples(installed.installation, installed.engine, labels, ages, now)
    seen = frozenset[str]().union(*taught)
    return [one for one in found if one.vector.lead_id not in seen]
