"""Before the score routes: what is too much or too late is turned away without work.

That is looked at when the headers are there; what a call asks for is known later, and counts then
(`serving/http/turn.py`).

A call that waits for its turn is given up when its client hangs up, or when the time is over that
its `X-Request-Timeout-Ms` allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import Problem
from serving.figures.metrics import Metrics
from serving.http.strict import TROUBLE
from serving.http.turn import TURN, Turn, hold_of, note, refusal
from serving.problems import refuse
from serving.score.overload import Overload, Turned

TIMEOUT = b"x-request-timeout-ms"
_DIGITS = 9
_NO_NUMBER = Problem("X-Request-Timeout-Ms", f"has to be a whole number of 1–{_DIGITS} digits")
_REPEATED = Problem("X-Request-Timeout-Ms", "stands there more than once")
WATCH_S = 0.05
"""A call that is not answered by then is watched: most are, and cost no watcher."""
BODY_S = 5.0
"""How long the body of a call may take: nobody sends a few kilobytes for longer in good faith."""


class Guarded(Protocol):
    """An application that also counts what never came to it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def refused(self, scope: Scope, status: int) -> None: ...


class Guard:
    def __init__(self, app: Guarded, overload: Overload, metrics: Metrics) -> None:
        self._app = app
        self._overload = overload
        self._metrics = metrics
        # Made once: turning away has to be cheap.
        self._refusals = {turned: refuse(refusal(turned)) for turned in Turned}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        patience_s = _patience(scope)
        if (turned := self._overload.refuses(1, patience_s)) is not None:
            await self._refuse(turned, scope, receive, send)
            return
        # Not of the scope: it holds the turn, and what refers to itself waits for a collection.
        turn = scope[TURN] = Turn(
            self._overload, patience_s, partial(note, self._metrics, hold_of(scope))
        )
        call = _Call(self._app, scope, receive, send)
        try:
            await call.answer(patience_s)
        finally:
            turn.end()
        if call.turned is not None:
            await self._refuse(call.turned, scope, receive, send)

    async def _refuse(self, turned: Turned, scope: Scope, receive: Receive, send: Send) -> None:
        note(self._metrics, hold_of(scope), turned)
        answer = self._refusals[turned]
        self._app.refused(scope, answer.status_code)
        await answer(scope, receive, send)


def _patience(scope: Scope) -> float | None:
    """Seconds that the caller waits; None: any time. What is no such number is told to whoever
    reads the request, and refuses it.
    """
    told = [value for name, value in scope["headers"] if name == TIMEOUT]
    if not told:
        return None
    if len(told) == 1 and told[0].isdigit() and len(told[0]) <= _DIGITS:
        return int(told[0]) / 1000
    scope[TROUBLE] = _REPEATED if len(told) > 1 else _NO_NUMBER
    return None


class _Call:
    """One call that may begin. `turned`: why it was given up though its client is there."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._task = asyncio.current_task()
        self._timers: list[asyncio.TimerHandle] = []
        self._watcher: asyncio.Task[None] | None = None
        self._read_all = scope["method"] != "POST"
        self._answered = self._given_up = False
        self.turned: Turned | None = None

    async def answer(self, patience_s: float | None) -> None:
        """Whatever the application sends; nothing, if the call is given up."""
        self._after(WATCH_S, self._watch)
        if patience_s is not None:
            self._after(patience_s, self._turn_away, Turned.LATE)
        if not self._read_all:
            self._after(BODY_S, self._look_for_body)
        try:
            await self._app(self._scope, self._read, self._say)
        except asyncio.CancelledError:
            if not self._given_up or self._task is None:
                raise  # the server stops
            self._task.uncancel()
        finally:
            for timer in self._timers:
                timer.cancel()
            if self._watcher is not None:
                self._watcher.cancel()

    def _after(self, seconds: float, work: Callable[..., None], *told: Turned) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, work, *told))

    async def _read(self) -> Message:
        message = await self._receive()
        self._read_all = not message.get("more_body", False)
        return message

    async def _say(self, message: Message) -> None:
        self._answered = True
        await self._send(message)

    def _watch(self) -> None:
        """Once the body is here, what comes next says that the client has gone."""
        if self._read_all:
            self._watcher = asyncio.create_task(self._await_end())
        else:
            self._after(WATCH_S, self._watch)

    async def _await_end(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue
        self._give_up()

    def _look_for_body(self) -> None:
        if not self._read_all:
            self._turn_away(Turned.SLOW)

    def _turn_away(self, why: Turned) -> None:
        if self._give_up():
            self.turned = why

    def _give_up(self) -> bool:
        """False for a call that is being answered already."""
        if self._answered or self._given_up or self._task is None:
            return False
        self._given_up = True
        return self._task.cancel()
