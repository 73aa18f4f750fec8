"""retrain: train → judge → decide. A new model serves only if the gates let it.

The version is registered without an alias; its figures are written beside it, then its files are
checked, then an alias moves. Wherever this process dies, what serves stays, and the next run begins
anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from core.clock import Clock
from core.database import writing
from core.errors import LeadlineError
from core.locks import held
from core.release import current
from scoring import registry, retraining
from scoring.retraining import Decision
from scoring.watcher import Watcher, export
from training.commands.installed import Installed
from training.due import due, standing
from training.gates import Verdict
from training.judging import judge_version
from training.order import Order
from training.train import train

if TYPE_CHECKING:
    from mlflow import MlflowClient


class Told(msgspec.Struct, frozen=True):
    """What a run did. `decision` and the rest are None when it was not time."""

    ran: bool
    why: str
    decision: Decision | None = None
    version: str | None = None
    champion: str | None = None
    """What serves now."""
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()


def retrain(
    installed: Installed, clock: Clock, *, force: bool, tell: Callable[[str], None], seed: int = 7
) -> Told:
    """Trains if it is time (or `force`), and decides by the gates what becomes of the model.

    StartError while another one runs in the installation. What goes wrong is written down, so that
    the next look waits, and raised.
    """
    with held(installed.installation.run / "retrain.lock", "`leadline retrain`"):
        before = standing(installed.installation, installed.engine, installed.settings.models)
        asked = due(before, installed.settings.models, clock.now())
        if not asked.due and not force:
            return Told(False, asked.why, champion=_champion(installed))
        why = asked.why if asked.due else f"it was asked for, though {asked.why}"
        tell(f"training, because {why}")
        with writing(installed.engine) as connection:
            number = retraining.begin(connection, clock.now(), why, before.outcomes)
        try:
            told = _run(installed, clock, why, tell, seed)
        except LeadlineError as trouble:
            _end(installed, clock, number, Decision.FAILED, None, trouble.detail)
            raise
        reasons = "; ".join(told.verdict.reasons) if told.verdict else ""
        assert told.decision is not None  # noqa: S101 - _run decides or raises
        _end(installed, clock, number, told.decision, told.version, reasons)
        return told


def _end(
    installed: Installed,
    clock: Clock,
    number: int,
    decision: Decision,
    version: str | None,
    told: str,
) -> None:
    with writing(installed.engine) as connection:
        retraining.end(connection, number, clock.now(), decision, version, told)


def _run(
    installed: Installed, clock: Clock, why: str, tell: Callable[[str], None], seed: int
) -> Told:
    installation, models, now = installed.installation, installed.settings.models, clock.now()
    order = Order(now=now, promote=False, seed=seed)
    trained = train(installation, installed.engine, models, order, tell)
    version = str(trained["version"])
    client = registry.open_registry(installation)
    with registry.telling(f"judge version {version}", installation):
        export(installation, client, version)
        verdict, unsure = judge_version(installed, client, version, now, seed)
        _tell_gates(client, version, verdict, why)
    tell(f"judged on {verdict.rows} test leads against {verdict.against}")
    decision, notes = _decide(installed, client, version, verdict)
    return Told(
        ran=True,
        why=why,
        decision=decision,
        version=version,
        champion=_champion(installed),
        verdict=verdict,
        notes=(*unsure, *notes),
    )


def _champion(installed: Installed) -> str | None:
    return current(installed.engine).model_version


def _decide(
    installed: Installed, client: MlflowClient, version: str, verdict: Verdict
) -> tuple[Decision, tuple[str, ...]]:
    """Moves an alias, or none; then says on the version what was decided."""
    experiment = current(installed.engine).experiment
    decision, notes = verdict.decision, []
    if experiment is not None and decision is not Decision.REFUSED:
        decision = Decision.HELD
        notes.append(
            f"experiment {experiment} runs, and its arms are not changed under it: "
            f"`leadline promote {version}` once it has ended"
        )
    with registry.telling(f"decide on version {version}", installed.installation):
        if decision is Decision.PROMOTED:
            registry.promote(client, version)
        elif decision is Decision.CHALLENGER:
            registry.challenge(client, version)
        registry.tell_decision(client, version, decision)
    if decision is Decision.PROMOTED:
        Watcher(installed.installation, installed.engine).look()
    elif decision is Decision.REFUSED:
        folder = installed.installation.releases / f"{registry.MODEL_NAME}-{version}"
        shutil.rmtree(folder, ignore_errors=True)
    return decision, tuple(notes)


def _tell_gates(client: MlflowClient, version: str, verdict: Verdict, why: str) -> None:
    gates = {
        gate.name: f"{'passed' if gate.passed else 'FAILED'}: {gate.told}" for gate in verdict.gates
    }
    others = {
        "retrained_because": why,
        "judged_against": verdict.against,
        "verdict": msgspec.json.encode(verdict).decode(),
    }
    registry.tell_gates(client, version, gates, others)
