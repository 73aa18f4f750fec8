"""A call's turn among the score calls under way, taken once it is known how much is asked.

Not before: who sends half a body would hold the place of somebody else, and a packed body of a few
hundred bytes may ask for a thousand leads.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.requests import Request

from core.errors import RequestError, TooLate, TooSlow, Unavailable
from serving.score.overload import Overload, Turned

TURN = "leadline.turn"
"""Where the guard leaves a call's turn, in the request's scope."""
LEADS_A_UNIT = 20
"""A batch has as much work as single calls for a twentieth of its leads."""


class Turn:
    """`turned` hears why, if the call is turned away. Whoever made it has to `end` it."""

    def __init__(
        self, overload: Overload, patience_s: float | None, turned: Callable[[Turned], None]
    ) -> None:
        self._overload = overload
        self._patience_s = patience_s
        self._turned = turned
        self._units = 0.0
        self._began: float | None = None

    def take(self, leads: int) -> None:
        """For so many leads, in all. Unavailable or TooLate where that is too much now.

        Asked again with more, it counts for the difference as well.
        """
        units = 1 + leads // LEADS_A_UNIT - self._units
        if units <= 0:
            return
        entered = self._overload.enter(units, self._patience_s)
        if isinstance(entered, Turned):
            self._turned(entered)
            raise refusal(entered)
        self._units += entered
        if self._began is None:
            self._began = time.monotonic()

    def end(self) -> None:
        if self._began is not None:
            self._overload.leave(self._units, time.monotonic() - self._began)


def turn_of(request: Request) -> Turn:
    """That of a request which came by the guard."""
    turn: Turn = request.scope[TURN]
    return turn


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
