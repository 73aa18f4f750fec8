"""Until the worker has met a message: the one that runs, or one that is started for it.

Commands that bring events of their own (imports) need them in the record before they can tell what
became of them. Beside a running `leadline up` they wait; alone they run what that takes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from core.database import reading
from core.errors import StartError, WorkError
from core.installation import Installation
from core.locks import held
from core.settings import Settings
from events import progress
from features.record import RETELL_DUE
from serving.running.child import Child
from serving.running.embedded import Embedded
from serving.running.up import prepare

LOOK_S = 0.1
TELL_S = 5.0
START_S = 20.0
STOP_S = 10.0


def worker_runs(installation: Installation) -> bool:
    path = installation.run / "worker.lock"
    if not path.exists():
        return False
    try:
        with held(path, "the worker"):
            return False
    except StartError:
        return True


def bring_into_force(
    installation: Installation,
    settings: Settings,
    engine: sa.Engine,
    offset: int,
    tell: Callable[[str], None],
) -> None:
    """Returns once the record holds all up to `offset`, history told anew where it was late.

    WorkError when the worker ends on the way: what is in the log is done by its next start.
    """
    if worker_runs(installation):
        _watch(settings, engine, offset, tell, lambda: worker_runs(installation))
        return
    with _worker(installation, settings) as alive:
        _watch(settings, engine, offset, tell, alive)


def _watch(
    settings: Settings,
    engine: sa.Engine,
    offset: int,
    tell: Callable[[str], None],
    alive: Callable[[], bool],
) -> None:
    started = told = time.monotonic()
    while (waiting := _waiting(settings, engine, offset)) is not None:
        if not alive():
            raise WorkError(
                "the worker ended before the import was done",
                do="nothing is lost: the next `leadline up` goes on with it",
            )
        if time.monotonic() - told > TELL_S:
            told = time.monotonic()
            tell(f"{waiting} ({told - started:.0f} s)")
        time.sleep(LOOK_S)


def _waiting(settings: Settings, engine: sa.Engine, offset: int) -> str | None:
    """What is still to be done; None when all is."""
    with reading(engine) as record:
        done = progress.load(record).offset
        if done < offset:
            return f"{offset - done:,} events to go"
        # Where old events are dropped, history is never told anew.
        due = record.execute(sa.select(RETELL_DUE.c.lead_id).limit(1)).first()
    late = due is not None and settings.lake.keep_days is None
    return "telling history anew" if late else None


@contextmanager
def _worker(installation: Installation, settings: Settings) -> Iterator[Callable[[], bool]]:
    """A worker in this process, with the embedded server beside it if one is needed."""
    from serving.roles import worker

    with (
        held(installation.run / "up.lock", "`leadline up`"),
        held(installation.run / "worker.lock", "the worker"),
    ):
        prepare(installation, settings)
        server = Embedded(installation) if settings.redis.url is None else None
        child = _start(installation, server) if server else None
        stop = threading.Event()
        failed: list[BaseException] = []

        def work() -> None:
            try:
                worker.run(installation, settings, stop)
            except BaseException as problem:  # noqa: BLE001 - told in the caller's thread
                failed.append(problem)

        thread = threading.Thread(target=work, name="worker", daemon=True)
        thread.start()
        try:
            yield thread.is_alive
        finally:
            stop.set()
            thread.join(STOP_S)
            if child is not None and server is not None:
                deadline = time.monotonic() + STOP_S
                child.stop(lambda: deadline - time.monotonic())
                server.forget()
        if failed:
            raise failed[0]


def _start(installation: Installation, server: Embedded) -> Child:
    child = Child("redis", server.command(), installation.logs / "redis.log", installation.redis)
    child.start()
    deadline = time.monotonic() + START_S
    while not server.answers():
        if time.monotonic() > deadline or not child.running():
            child.stop(lambda: 0.0)
            raise StartError("the online store does not start", do=f"its log: {child.log}")
        time.sleep(LOOK_S)
    return child
