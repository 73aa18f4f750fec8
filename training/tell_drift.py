"""tell: drift of the champion → one signal a crossing, through the outbox that leads' signals take.

What was told is kept in the transaction that puts the signal: a look that dies has told nothing,
and one that is made again tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from core.clock import SECOND, to_iso
from core.database import writing
from rules import Rulebook
from scoring import drifting
from signals import outbox
from signals.decide import SOURCE
from signals.making import signal_id
from signals.propensities import rules_in_force
from signals.route import tell as tell_route
from signals.types import MODEL_DRIFT, Signal
from training.alarms import CALIBRATION, ORDER, Alarm, alarms
from training.commands.installed import Installed
from training.drift import Drift

DO = (
    "see `leadline models drift --plot FILE.png`: if the change is real, `leadline retrain "
    "--force` teaches the leads that ended since; if a feature is at fault, look for what sends it"
)
"""What its receiver can do."""


class Told(NamedTuple):
    alarms: list[Alarm]
    signal: Signal | None
    """What was sent now; None when all of it was told before, or a cooldown runs."""


def tell(installed: Installed, found: Drift, now: int) -> Told:
    """Writes down that was looked, and sends what has crossed its limit since the look before."""
    model = f"{found.name}-{found.champion}"
    limit = installed.settings.models.drift_psi
    rulebook = rules_in_force(installed.engine)
    with writing(installed.engine) as connection:
        outbox.lock(connection)
        held = drifting.read(connection, model)
        raised = alarms(found, limit, held.told)
        names = tuple(one.name for one in raised)
        fresh = [one for one in raised if one.name not in held.told]
        signal = None
        if fresh and now >= _rests_until(held, rulebook):
            signal = _signal(found, raised, fresh, held, rulebook, now)
            outbox.put(connection, [signal], now)
        drifting.write(connection, _after(held, raised, signal, names, now))
    return Told(raised, signal)


def _rests_until(held: drifting.Told, rulebook: Rulebook) -> int:
    """The catalog may declare a cooldown, as for any signal."""
    return (held.told_at or 0) + rulebook.cooldown_s(MODEL_DRIFT) * SECOND


def _after(
    held: drifting.Told,
    raised: Sequence[Alarm],
    signal: Signal | None,
    names: tuple[str, ...],
    now: int,
) -> drifting.Told:
    """What receivers believe from now on: what a cooldown held back was not told."""
    indices = [one.value for one in raised if one.name not in {CALIBRATION, ORDER}]
    return msgspec.structs.replace(
        held,
        looked_at=now,
        told=names if signal else tuple(name for name in names if name in held.told),
        crossings=held.crossings + (signal is not None),
        told_at=now if signal else held.told_at,
        worst=max(indices, default=0.0),
        suffers=len(indices) < len(raised),
    )


def _signal(
    found: Drift,
    raised: Sequence[Alarm],
    fresh: Sequence[Alarm],
    held: drifting.Told,
    rulebook: Rulebook,
    now: int,
) -> Signal:
    subject = f"model/{found.name}-{found.champion}"
    names = ",".join(sorted(one.name for one in fresh))
    return Signal(
        id=signal_id(subject, MODEL_DRIFT, names, f"crossing {held.crossings + 1}"),
        source=SOURCE,
        type=MODEL_DRIFT,
        subject=subject,
        time=now,
        data={
            "lead_id": None,
            "account_id": None,
            "model": {"name": found.name, "version": found.champion},
            "text": "; ".join(one.text for one in fresh),
            "alarms": [{**msgspec.structs.asdict(one), "new": one in fresh} for one in raised],
            "vectors": found.vectors,
            "do": DO,
            "route": _route(rulebook, now),
            "trigger": {"event": "looked", "message_id": None, "at": to_iso(now)},
        },
    )


def _route(rulebook: Rulebook, now: int) -> dict[str, Any]:
    """By the catalog, which knows nothing here but the signal's name. A round robin deals leads:
    whoever takes over from it is told.
    """
    found = rulebook.route({"signal": MODEL_DRIFT, "as_of": now})
    owner = found.pool.otherwise if found.pool else found.owner
    return {**tell_route(found), "owner": owner}
