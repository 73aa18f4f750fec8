"""A logged score call, made again from its inputs under the versions that it names."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from core.database import reading
from core.errors import LeadlineError, WorkError
from core.installation import Installation
from core.release import Release
from features.served import DEFINITIONS, NAMES
from features.vector import FeatureVector
from rules import load_catalog
from rules.life import version_files
from rules.life.snoozes import NONE, Snooze, Snoozed
from scoring import ModelRefused, Scorer
from scoring.card import read_card, write_card
from scoring.released import load_released
from serving.kept.calls import Call, read_calls
from serving.release.inforce import Loaded
from serving.score.asks import Explain
from serving.score.assess import assess
from signals.standing import answer

_RULE = "rule:"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """One lead of a call. `differs` has each field that came out otherwise: told then, and now."""

    id: str
    place: int
    lead_id: str
    equal: bool
    differs: dict[str, tuple[Any, Any]]
    answer: dict[str, Any]
    """As it was told then."""


def replay(installation: Installation, engine: sa.Engine, call_id: str) -> list[Replayed]:
    """All kept leads of one call. WorkError for an id of which nothing is kept, or where the
    versions that it names cannot be had any more.
    """
    with reading(engine) as connection:
        calls = read_calls(connection, call_id)
    if not calls:
        raise WorkError(
            f"no score call {call_id[:40]!r} is kept",
            do="the share that is kept is `calls.sample` in the settings, for `calls.days` days",
        )
    return [_replay(installation, engine, one) for one in calls]


def _replay(installation: Installation, engine: sa.Engine, call: Call) -> Replayed:
    if call.definitions != DEFINITIONS:
        raise WorkError(
            f"the features were defined otherwise when {call.id} was answered",
            do="replay it with the version of the program that answered",
        )
    then = msgspec.json.decode(call.answer)
    told = msgspec.json.encode(_again(_loaded(installation, engine, call), call))
    # Compared as text: every digit counts.
    equal = told == msgspec.json.encode(then)
    differs = {} if equal else _differences(then, msgspec.json.decode(told))
    return Replayed(
        id=call.id, place=call.place, lead_id=call.lead_id, equal=equal, differs=differs,
        answer=then,
    )  # fmt: skip


def _again(loaded: Loaded, call: Call) -> Mapping[str, Any]:
    values = {**dict(zip(NAMES, call.values, strict=True)), **call.columns}
    vector = FeatureVector(call.lead_id, call.account_id, call.as_of, values, call.capped)
    # What a rule that raised is called comes out again by itself.
    missing = tuple(name for name in call.degraded if not name.startswith(_RULE))
    explain = Explain(call.explain)
    [standing] = assess(
        loaded, [vector], [call.beside], [call.band_before], [missing],
        strongest=explain is Explain.SHORT, contributions=explain is Explain.FULL,
        known_to=call.known_to,
    )  # fmt: skip
    return answer(replace(standing, place=call.arm), explain.value)


def _loaded(installation: Installation, engine: sa.Engine, call: Call) -> Loaded:
    release = Release(call.release, call.rules_version, call.model_name, call.model_version)
    rulebook = load_catalog(version_files(engine, call.rules_version))
    return Loaded(release, rulebook, _scorer(installation, call), (), _snoozed(call))


def _scorer(installation: Installation, call: Call) -> Scorer | None:
    """From its release folder; from the registry, if that is gone or damaged."""
    name, version, alias = call.model_name, call.model_version, call.alias
    if name is None or version is None or alias is None:
        return None
    try:
        return load_released(installation.releases, name, version, alias)
    except ModelRefused as refused:
        try:
            return _from_registry(installation, version, alias)
        except LeadlineError as gone:
            raise WorkError(
                f"model {name} {version} cannot be had any more: {refused.detail}; {gone.detail}",
                do="bring its release folder back from your backup",
            ) from gone


def _from_registry(installation: Installation, version: str, alias: str) -> Scorer:
    from scoring import registry

    client = registry.open_registry(installation)
    with (
        registry.telling("read the model registry", installation),
        tempfile.TemporaryDirectory() as folder,
    ):
        files = registry.download(client, version, Path(folder))
        write_card(files, replace(read_card(files), version=version))
        return Scorer.load(files, alias)


def _snoozed(call: Call) -> Snoozed:
    if not call.snoozed or call.account_id is None:
        return NONE
    snoozes = tuple(
        Snooze(
            number=0, rule=rule, account_id=call.account_id, until=call.as_of + 1, author="",
            note="", created_at=call.as_of,
        )
        for rule in call.snoozed
    )  # fmt: skip
    return Snoozed({call.account_id: snoozes})


def _differences(then: dict[str, Any], now: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*then, *(name for name in now if name not in then)]
    return {
        name: (then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)
    }
