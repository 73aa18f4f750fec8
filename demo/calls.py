"""The world's tables as Segment-shaped calls, each at its own moment.

A lead's first calls are the CRM's `Lead Created`, then `identify` and `group` with what is known of
person and company. Then sessions become page views, touches and sales activities become events,
and deals open and close.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from demo.crm import activities, deals, introductions, touches
from demo.known import knowns
from demo.moments import draw, iso
from demo.pages import page_views
from demo.world import World


class Call(NamedTuple):
    """One call, ready to be posted. Sorts by time, then in the order it was made."""

    at_ms: int
    order: int
    body: bytes


def calls(world: World) -> list[Call]:
    """All calls of the world in the order of time; deterministic, byte for byte."""
    known = knowns(world)
    encode = msgspec.json.Encoder().encode
    parts = (
        introductions(world, known),
        page_views(world, known),
        touches(world, known),
        activities(world, known),
        deals(world, known),
    )
    made: list[Call] = []
    for part in parts:
        for at_ms, key, fields in part:
            drawn = draw(world.seed, "message", key), draw(world.seed, "message again", key)
            fields["messageId"] = f"{drawn[0]:016x}{drawn[1]:016x}"
            fields["timestamp"] = iso(at_ms)
            made.append(Call(at_ms, len(made), encode(fields)))
    made.sort()
    return made
