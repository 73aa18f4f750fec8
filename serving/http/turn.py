"""A call's turn among the score calls under way, taken once it is known how much is asked.

Not before: who sends half a body would hold the place of somebody else, and a packed body of a few
hundred bytes may ask for a thousand leads.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Scope

from core.errors import RequestError, TooLate, TooSlow, Unavailable
from serving.figures.metrics import Metrics
from serving.http.protocol import HOLD
from serving.parts import Parts
from serving.score.overload import Overload, Place, Turned

T = TypeVar("T")
Hold = Callable[[float], None]

TURN = "leadline.turn"
"""Where the guard leaves a call's turn, in the request's scope."""
LEADS_A_UNIT = 20
"""A batch has as much work as single calls for a twentieth of its leads."""
HOLD_S = (0.5, 1.0)
"""How long nothing is read of a connection whose call was turned away: who comes back before
`Retry-After` has passed waits outside, where it costs nothing. Drawn, so that not all come at once.
"""


class Turn:
    """`turned` hears why, if the call is turned away. Whoever made it has to `end` it."""

    def __init__(
        self, overload: Overload, patience_s: float | None, turned: Callable[[Turned], None]
    ) -> None:
        self._overload = overload
        self._patience_s = patience_s
        self._turned = turned
        self._place: Place | None = None

    def take(self, leads: int) -> None:
        """For so many leads, in all. Unavailable or TooLate where that is too much now.

        Asked again with more, it counts for that.
        """
        work = 1 + leads // LEADS_A_UNIT
        if self._place is not None and work <= self._place.work:
            return
        entered = self._overload.enter(work, self._patience_s, self._place)
        if isinstance(entered, Turned):
            self._turned(entered)
            raise refusal(entered)
        self._place = entered

    def end(self) -> None:
        if self._place is not None:
            self._overload.leave(self._place)


def turn_of(request: Request) -> Turn:
    """That of a request which came by the guard."""
    turn: Turn = request.scope[TURN]
    return turn


async def ask_past(parts: Parts, request: Request, work: Callable[..., T], *arguments: Any) -> T:
    """What `work` finds out about the past. Unavailable while too many ask already."""
    if parts.past.full:
        note(parts.metrics, hold_of(request.scope), Turned.PAST)
        raise refusal(Turned.PAST)
    return await parts.past.ask(work, *arguments)


def hold_of(scope: Scope) -> Hold | None:
    """None where the server of this application has no such extension."""
    hold: Hold | None = scope.get("extensions", {}).get(HOLD)
    return hold


def note(metrics: Metrics, hold: Hold | None, turned: Turned) -> None:
    """Counts a call that is turned away; its connection is held where it should come back later."""
    metrics.turned_away.labels(turned.value).inc()
    if hold is not None and turned in _LATER:
        hold(random.uniform(*HOLD_S))


_LATER = (Turned.FULL, Turned.PAST)


def refusal(turned: Turned) -> RequestError:
    """What a caller is told who is turned away."""
    match turned:
        case Turned.FULL:
            told = "more scores are asked for than can be answered in time"
            return Unavailable(told, do="try later")
        case Turned.LATE:
            return TooLate("the time that X-Request-Timeout-Ms allows is over, or would be")
        case Turned.SLOW:
            return TooSlow("the body did not come to its end in time", do="send it at once")
        case Turned.PAST:
            told = "too many questions about the past are asked at once"
            return Unavailable(told, do="ask one after another, or for many leads in one batch")
