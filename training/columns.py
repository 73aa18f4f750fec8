"""Which of a CRM's own columns may teach: those declared, without those that look like leakage."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from core.database import reading
from core.errors import DefinitionError, Problem, WorkError
from core.settings import Models
from events.attributes import Column, declared
from events.labels import definition
from features.definitions import BY_FEATURE, FEATURES
from scoring.card import Taught
from training.build import Source
from training.dataset import Example
from training.leaks import find_leaks, tell_leaks


def read_columns(engine: sa.Engine) -> dict[str, Column]:
    with reading(engine) as connection:
        return declared(connection)


def kept(asked: Sequence[str], columns: Mapping[str, Column]) -> frozenset[str]:
    """Names of ours. DefinitionError for what is neither a column of an import nor a feature."""
    by_title = {column.title.lower(): name for name, column in columns.items()}
    ours = columns.keys() | BY_FEATURE.keys()
    names = {one: one if one in ours else by_title.get(one.lower()) for one in asked}
    problems = []
    for one, name in names.items():
        if name is None:
            near = difflib.get_close_matches(one, [*by_title, *ours], n=1)
            problems.append(Problem(one, f"did you mean {near[0]!r}?" if near else "is unknown"))
    if problems:
        raise DefinitionError("no imported column and no feature is called so", problems=problems)
    return frozenset(name for name in names.values() if name)


def choose_columns(
    lessons: Sequence[Example],
    columns: Mapping[str, Column],
    keep: frozenset[str],
    models: Models,
    seed: int,
    tell: Callable[[str], None],
    *,
    drop: bool,
) -> Source:
    """The CRM's columns that may teach. Each leak is told; WorkError without `drop`."""
    judged = [one for one in lessons if one.age == models.moment_days]
    leaks = find_leaks(judged, columns, models.leak_auc, seed)
    out = [leak for leak in leaks if leak.name not in keep]
    if out and not drop:
        raise WorkError(
            f"{len(out)} columns look like leakage, and nothing was trained",
            problems=[Problem("", line) for line in tell_leaks(out)],
            do="leave them out (without --stop-on-leaks), or keep one with --keep COLUMN",
        )
    for leak, line in zip(leaks, tell_leaks(leaks), strict=True):
        tell(f"{'kept, by order' if leak.name in keep else 'left out'}: {line}")
    gone = {leak.name for leak in out}
    what = definition(models)
    taught = Taught(
        label=msgspec.to_builtins(what),
        label_fingerprint=what.fingerprint,
        left_out=tuple(out),
        kept=tuple(leak.name for leak in leaks if leak.name in keep),
    )
    teaching = {name: one for name, one in columns.items() if name not in gone}
    _check_declared(models, columns)
    return Source(teaching, taught, frozenset(models.rising), frozenset(models.falling))


def _check_declared(models: Models, columns: Mapping[str, Column]) -> None:
    """DefinitionError for a declared direction of nothing that a model could read, or of a word."""
    numbers = {one.name for one in FEATURES if not one.is_word}
    numbers |= {name for name, one in columns.items() if not one.kind.is_word}
    problems = []
    for setting, names in (("rising", models.rising), ("falling", models.falling)):
        for name in names:
            near = difflib.get_close_matches(name, numbers, n=1)
            if name not in numbers:
                close = f"; did you mean `{near[0]}`?" if near else ""
                problems.append(Problem(f"models.{setting}", f"`{name}` is no number{close}"))
    both = set(models.rising) & set(models.falling)
    problems += [Problem("models", f"`{name}` cannot both rise and fall") for name in sorted(both)]
    if problems:
        raise DefinitionError(
            "the declared directions are wrong", do="correct the settings", problems=problems
        )
