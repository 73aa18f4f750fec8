"""A call's turn among the score calls under way, taken once it is known how much is asked.

Not before: who sends half a body would hold the place of somebody else, and a packed body of a few
hundred bytes may ask for a thousand leads.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request

from core.errors import RequestError, TooLate, TooSlow, Unavailable
from serving.score.overload import Overload, Place, Turned

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
