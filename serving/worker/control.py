"""Control events: commands that change tiles, in the log like any event, applied by the worker.

In order with all other events, so nothing that is counted meanwhile is lost or counted twice.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence

import msgspec

from events.intake.log import EventLog, NewEvent
from events.types import Door, RawEvent

SOURCE = "control"


class Control(enum.StrEnum):
    BACKFILL = "backfill"
    """Tell everybody's history anew: features have been added or changed."""
    RETELL = "retell"
    """Tell anew the history of those whose events came out of order."""


class _Body(msgspec.Struct):
    control: Control


def control_event(control: Control) -> NewEvent:
    return NewEvent(Door.IMPORT, SOURCE, "", "", "", msgspec.json.encode(_Body(control)))


def ask(log: EventLog, control: Control) -> int:
    """Puts a control event into the log; its offset, once it is durable."""
    return log.append([control_event(control)]).result()


def is_control(raw: RawEvent) -> bool:
    """No door for others lets this source in."""
    return raw.source == SOURCE


def read_control(raw: RawEvent) -> Control:
    return msgspec.json.decode(raw.body, type=_Body).control


def parts(raws: Sequence[RawEvent]) -> Iterator[list[RawEvent]]:
    """Runs of ordinary events, and each control event by itself."""
    run: list[RawEvent] = []
    for raw in raws:
        if is_control(raw):
            if run:
                yield run
            yield [raw]
            run = []
        else:
            run.append(raw)
    if run:
        yield run
