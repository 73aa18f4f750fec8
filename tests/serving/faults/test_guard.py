"""Calls that are too much, too late or wanted by nobody any more cost no work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import Unavailable
from serving.figures.metrics import Metrics
from serving.http import guard
from serving.http.guard import TIMEOUT, Guard
from serving.http.protocol import HOLD, HttpProtocol
from serving.http.strict import TROUBLE
from serving.http.turn import HOLD_S, LEADS_A_UNIT, TURN, Turn
from serving.score.overload import BEGIN, Overload, Turned

REQUEST: Message = {"type": "http.request", "body": b"{}", "more_body": False}
DONE: list[Message] = [
    {"type": "http.response.start", "status": 200, "headers": []},
    {"type": "http.response.body", "body": b"done"},
]


class App:
    """Reads the body, takes its turn, waits for `go`, answers; notes what became of it."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = 0
        self.fates: list[str] = []
        self.statuses: list[int] = []

    def refused(self, scope: Scope, status: int) -> None:
        self.statuses.append(status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        try:
            if scope["method"] == "POST":
                while (await receive()).get("more_body"):
                    continue
            scope[TURN].take(1)
            await self.go.wait()
        except asyncio.CancelledError:
            self.fates.append("cancelled")
            raise
        for message in DONE:
            await send(message)
        self.fates.append("answered")


class Caller:
    """One request. `hang_up` ends it as a client does that goes away."""

    def __init__(self, method: str = "POST", *headers: tuple[bytes, bytes]) -> None:
        self.scope: Scope = {"type": "http", "method": method, "headers": list(headers)}
        self.sent: list[Message] = []
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait(REQUEST)

    async def receive(self) -> Message:
        return await self._incoming.get()

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def stall(self) -> None:
        """Half a body, and then nothing."""
        self._incoming.get_nowait()
        self._incoming.put_nowait({**REQUEST, "body": b"{", "more_body": True})

    def hang_up(self) -> None:
        self._incoming.put_nowait({"type": "http.disconnect"})

    def ask(self, app: ASGIApp) -> asyncio.Task[None]:
        async def run() -> None:
            await app(self.scope, self.receive, self.send)

        return asyncio.create_task(run())

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status


@pytest.fixture(autouse=True)
def watched_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "WATCH_S", 0.0)


def play(story: Callable[[App, Guard], Awaitable[None]]) -> Metrics:
    """Plays it on a loop of its own, with a guarded application."""
    metrics = Metrics()

    async def run() -> None:
        app = App()
        guarded = Guard(app, Overload(0.1, lambda: 0.0), metrics)
        await asyncio.wait_for(story(app, guarded), 30)
        assert guarded._overload.under_way == 0

    asyncio.run(run())
    return metrics


def turned(metrics: Metrics, why: str) -> float:
    return metrics.registry.get_sample_value("leadline_scores_turned_away_total", {"why": why}) or 0


def test_who_waits_is_answered() -> None:
    """Being watched changes nothing."""

    async def story(app: App, guarded: Guard) -> None:
        caller = Caller()
        asked = caller.ask(guarded)
        await asyncio.sleep(0.01)
        app.go.set()
        await asked
        assert caller.sent == DONE
        assert app.fates == ["answered"]

    play(story)


def test_more_than_the_bound_are_turned_away_and_their_connections_held() -> None:
    """503 and when to come back; the application never hears of it."""

    async def story(app: App, guarded: Guard) -> None:
        callers = [Caller() for _ in range(int(BEGIN))]
        asked = [caller.ask(guarded) for caller in callers]
        await asyncio.sleep(0.01)
        held: list[float] = []
        late = Caller()
        late.scope["extensions"] = {HOLD: held.append}
        await late.ask(guarded)
        assert late.status == 503
        assert app.statuses == [503]
        headers = dict(late.sent[0]["headers"])
        assert headers[b"retry-after"] == b"1"
        assert headers[b"content-type"] == b"application/problem+json"
        assert json.loads(late.sent[1]["body"])["status"] == 503
        assert len(held) == 1
        assert HOLD_S[0] <= held[0] <= HOLD_S[1]
        assert app.begun == len(callers)
        app.go.set()
        await asyncio.gather(*asked)
        assert {caller.status for caller in callers} == {200}

    assert turned(play(story), "full") == 1


def test_half_sent_bodies_hold_nobodys_place() -> None:
    """However many there are: they cost no work yet, and may never do."""

    async def story(app: App, guarded: Guard) -> None:
        stalled = [Caller() for _ in range(2 * int(BEGIN))]
        for caller in stalled:
            caller.stall()
        asked = [caller.ask(guarded) for caller in stalled]
        await asyncio.sleep(0.01)
        app.go.set()
        whole = Caller()
        await whole.ask(guarded)
        assert whole.sent == DONE
        for caller in stalled:
            caller.hang_up()
        await asyncio.gather(*asked)

    assert turned(play(story), "full") == 0


def test_a_body_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And its connection ends, where half a request stands; who is answered is left alone."""
    monkeypatch.setattr(guard, "BODY_S", 0.02)

    async def story(app: App, guarded: Guard) -> None:
        whole = Caller()
        asked = whole.ask(guarded)
        stalled = Caller()
        stalled.stall()
        await stalled.ask(guarded)
        assert stalled.status == 408
        assert app.statuses == [408]
        assert dict(stalled.sent[0]["headers"])[b"connection"] == b"close"
        app.go.set()
        await asked
        assert whole.sent == DONE

    assert turned(play(story), "slow") == 1


def test_a_call_counts_by_its_leads_however_its_body_is_packed() -> None:
    """What was taken before counts as well, and all of it is given back once."""
    overload = Overload(0.1, lambda: 0.0)
    why: list[Turned] = []
    many = Turn(overload, None, why.append)
    many.take(1)
    assert overload.under_way == 1
    many.take(1_000)
    assert overload.under_way == 1 + 1_000 / LEADS_A_UNIT
    many.take(20)
    assert overload.under_way == 1 + 1_000 / LEADS_A_UNIT
    *others, last = [Turn(overload, None, why.append) for _ in range(3)]
    for one in others:
        one.take(1_000)
    with pytest.raises(Unavailable):
        last.take(1_000)
    assert why == [Turned.FULL]
    for one in (many, *others, last):
        one.end()
    assert overload.under_way == 0


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_nobody_works_for_a_client_that_hung_up(method: str) -> None:
    """It may have asked elsewhere already; with a body or without."""

    async def story(app: App, guarded: Guard) -> None:
        caller = Caller(method)
        asked = caller.ask(guarded)
        await asyncio.sleep(0.01)
        caller.hang_up()
        await asked
        assert app.fates == ["cancelled"]
        assert caller.sent == []

    play(story)


def test_a_time_that_is_over_already_costs_no_work() -> None:
    """The caller sent what was left of its own time: nothing."""

    async def story(app: App, guarded: Guard) -> None:
        caller = Caller("POST", (TIMEOUT, b"0"))
        await caller.ask(guarded)
        assert caller.status == 504
        assert app.begun == 0
        assert app.statuses == [504]

    assert turned(play(story), "late") == 1


def test_a_time_that_ends_while_the_call_waits_ends_its_work() -> None:
    """And the answer says so, as the client is still there."""

    async def story(app: App, guarded: Guard) -> None:
        caller = Caller("POST", (TIMEOUT, b"20"))
        await caller.ask(guarded)
        assert caller.status == 504
        assert app.fates == ["cancelled"]
        assert app.statuses == [504]

    assert turned(play(story), "late") == 1


def test_a_time_that_suffices_changes_nothing_and_what_is_none_is_told() -> None:
    """Whoever reads the request refuses it then, with all that is wrong."""

    async def story(app: App, guarded: Guard) -> None:
        app.go.set()
        for told in (b"60000", b"999999999", b"soon", b"-1", b"1e3", b"", b"1000000000"):
            caller = Caller("POST", (TIMEOUT, told))
            await caller.ask(guarded)
            assert caller.sent == DONE
            assert (TROUBLE in caller.scope) == (told not in (b"60000", b"999999999"))
        twice = Caller("POST", (TIMEOUT, b"0"), (TIMEOUT, b"60000"))
        await twice.ask(guarded)
        assert twice.scope[TROUBLE].message == "stands there more than once"

    play(story)


def test_the_end_of_the_server_is_not_swallowed() -> None:
    """A cancellation that is not ours goes on."""

    async def story(app: App, guarded: Guard) -> None:
        asked = Caller().ask(guarded)
        await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    play(story)


async def _hold(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the path; the first call of a connection has it held."""
    await receive()
    if scope["path"] == "/held":
        scope["extensions"][HOLD](0.3)
    await send({**DONE[0], "headers": [(b"content-length", b"4")]})
    await send(DONE[1])


def test_a_held_connection_is_read_again_after_a_while() -> None:
    """What was sent meanwhile is answered then; another connection is not held up."""

    async def call(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> float:
        began = asyncio.get_running_loop().time()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        told = await reader.readuntil(b"done")
        assert told.startswith(b"HTTP/1.1 200")
        return asyncio.get_running_loop().time() - began

    async def run() -> list[float]:
        config: dict[str, Any] = {"http": HttpProtocol, "lifespan": "off", "log_config": None}
        server = uvicorn.Server(uvicorn.Config(_hold, port=0, **config))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        one = await asyncio.open_connection("127.0.0.1", port)
        other = await asyncio.open_connection("127.0.0.1", port)
        await call(*one, "/held")
        waits = list(await asyncio.gather(call(*one, "/"), call(*other, "/")))
        waits.append(await call(*one, "/"))
        for _, writer in (one, other):
            writer.close()
        server.should_exit = True
        await serving
        return waits

    held, free, after = asyncio.run(asyncio.wait_for(run(), 30))
    assert held >= 0.25
    assert held > max(free, after)
