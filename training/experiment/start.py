"""start and stop: an experiment is planned, written down and put in force, and ended again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

import rules
from core.clock import Clock
from core.database import reading
from core.errors import DefinitionError, LeadlineError, NotFound, Problem, WorkError
from core.release import Release, current
from rules.life import version_files
from scoring import experiment, registry
from scoring.arms import CHALLENGER
from scoring.experiment import HARMFUL, Experiment, Metric, Spec
from scoring.watcher import export
from training.commands.installed import Installed
from training.experiment.expected import Expected, expected
from training.experiment.size import planned_units, rate_deviation

if TYPE_CHECKING:
    from mlflow import MlflowClient

ASSUMED = 0.1
"""The win rate that is planned with where the past tells none."""
SHADOWED = 1_000
"""Units for which a shadow's interval is narrowest: it compares on the same leads."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. Shares, lifts and rates: 0–1."""

    name: str | None = None
    challenger: str | None = None
    rules_version: int | None = None
    share: float = 0.2
    shadow: bool = False
    metric: Metric = Metric.WIN_RATE
    lift: float = 0.2
    window_days: int = 30
    max_days: int = 60
    base_rate: float | None = None
    harmful: tuple[str, ...] = ()
    """Suppressions that tell of harm; empty means `HARMFUL`."""


class Started(msgspec.Struct, frozen=True):
    """The experiment, and from how many units of the past its plan was taken."""

    experiment: Experiment
    units: int


def start(installed: Installed, order: Order, clock: Clock) -> Started:
    """Puts it in force; every process follows within seconds.

    DefinitionError with all that is wrong with the order, WorkError while another one runs.
    """
    engine = installed.engine
    with reading(engine) as record:
        if other := experiment.running(record):
            raise WorkError(
                f"experiment {other.id} ({other.spec.name}) runs already; one runs at a time",
                do="see `leadline experiment report`, and end it with `leadline experiment stop`",
            )
    in_force = current(engine)
    client = _client(installed) if order.challenger is not None else None
    plan = _expected(installed, order, clock.now())
    problems = [
        *_asked(order, in_force),
        *_model(client, order),
        *_rules(installed, order, in_force),
    ]
    if plan is None:
        problems.append(
            Problem("--metric", "no past deals tell what a unit is worth; use win_rate")
        )
    if problems or plan is None:
        raise DefinitionError("the experiment cannot start", problems=problems)
    if client is not None and order.challenger is not None:
        _offer(installed, client, order.challenger)
    # Begins now, not when it was asked for: the registry may have taken its time.
    begun = experiment.begin(engine, _spec(order, in_force, plan), clock.now())
    return Started(begun, plan.units)


def _asked(order: Order, in_force: Release) -> list[Problem]:
    if order.challenger is None and order.rules_version is None:
        return [Problem("--challenger", "name a version of the model, or one of the --rules")]
    problems = []
    if order.challenger is not None and order.challenger == in_force.model_version:
        problems.append(Problem("--challenger", f"version {order.challenger} is the champion"))
    if order.challenger is not None and in_force.model_version is None:
        problems.append(Problem("--challenger", "there is no champion to compare with"))
    if order.rules_version is not None and order.rules_version == in_force.rules_version:
        problems.append(Problem("--rules", f"version {order.rules_version} is in force already"))
    if order.window_days >= order.max_days:
        problems.append(Problem("--max-days", "has to be longer than the window of one unit"))
    return problems


def _model(client: MlflowClient | None, order: Order) -> list[Problem]:
    if client is None:
        return []
    known = [row["version"] for row in registry.versions(client)]
    if order.challenger in known:
        return []
    told = f"there is no version {order.challenger}; there are {', '.join(known) or 'none'}"
    return [Problem("--challenger", told)]


def _rules(installed: Installed, order: Order, in_force: Release) -> list[Problem]:
    """What cannot be compiled here could be compiled nowhere, and no other rule tells of harm."""
    asked = [in_force.rules_version] if order.harmful and in_force.rules_version else []
    if order.rules_version is not None:
        asked.append(order.rules_version)
    known: set[str] = set()
    for version in asked:
        try:
            book = rules.load_catalog(version_files(installed.engine, version))
        except (DefinitionError, NotFound) as wrong:
            return [Problem("--rules", f"version {version}: {wrong.detail}")]
        known |= {one.rule.id for one in book.suppressions.rules}
    told = f"no rule of this name suppresses; there are {', '.join(sorted(known)) or 'none'}"
    return [Problem("--harmful", f"{one}: {told}") for one in order.harmful if one not in known]


def _expected(installed: Installed, order: Order, now: int) -> Expected | None:
    if order.base_rate is not None and order.metric is Metric.WIN_RATE:
        return Expected(order.base_rate, rate_deviation(order.base_rate), None, 0)
    found = expected(installed.engine, order.metric, order.window_days, now)
    if found is None and order.metric is Metric.WIN_RATE:
        return Expected(ASSUMED, rate_deviation(ASSUMED), None, 0)
    return found


def _offer(installed: Installed, client: MlflowClient, version: str) -> None:
    """Before anything is in force: a version that cannot be loaded starts no experiment."""
    with registry.telling(f"make version {version} the challenger", installed.installation):
        export(installed.installation, client, version)
        client.set_registered_model_alias(registry.MODEL_NAME, CHALLENGER, version)


def _spec(order: Order, in_force: Release, plan: Expected) -> Spec:
    planned = planned_units(plan.base, plan.deviation, order.lift, order.share)
    return Spec(
        name=order.name or _name(order),
        model_name=in_force.model_name,
        model_version=in_force.model_version,
        rules_version=in_force.rules_version,
        challenger=order.challenger,
        challenger_rules=order.rules_version,
        share=order.share,
        shadow=order.shadow,
        metric=order.metric,
        lift=order.lift,
        window_days=order.window_days,
        max_days=order.max_days,
        base=plan.base,
        deviation=plan.deviation,
        planned=SHADOWED if order.shadow else planned,
        cap=plan.cap,
        harmful=order.harmful or HARMFUL,
    )


def _name(order: Order) -> str:
    model = f"model {order.challenger}" if order.challenger else ""
    edited = f"rules {order.rules_version}" if order.rules_version is not None else ""
    return " with ".join(one for one in (model, edited) if one)


def stop(installed: Installed, clock: Clock, *, promote: bool) -> tuple[Experiment, str]:
    """Ends the one that runs; returns it, and what of the registry could not be tidied.

    The registry comes first: its champion is what the watcher puts in force. If this process dies
    in between, the challenger serves both arms, and stopping again ends it.
    """
    with reading(installed.engine) as record:
        found = experiment.running(record)
    version = found.spec.challenger if found else None
    if promote and version is not None:
        client = _client(installed)
        with registry.telling(f"promote version {version}", installed.installation):
            # What cannot be loaded never becomes the champion, though an arm has served it.
            export(installed.installation, client, version)
            registry.promote(client, version)
    ended = experiment.end(installed.engine, clock.now(), promote=promote)
    return ended, _withdraw(installed) if version is not None else ""


def _withdraw(installed: Installed) -> str:
    """The experiment has ended all the same if the registry cannot be reached."""
    try:
        client = _client(installed)
        with registry.telling("take back the alias challenger", installed.installation):
            client.delete_registered_model_alias(registry.MODEL_NAME, CHALLENGER)
    except LeadlineError as trouble:
        return trouble.detail
    return ""


def _client(installed: Installed) -> MlflowClient:
    if not registry.store(installed.installation).exists():
        raise WorkError("no model was ever trained here", do="run `leadline train` first")
    return registry.open_registry(installed.installation)
