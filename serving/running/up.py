"""What `leadline up` sees to before anything runs: one of its kind, a port, a disk, a record."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from core.clock import SystemClock
from core.connections import connect_record
from core.errors import StartError
from core.installation import Installation
from core.locks import held
from core.settings import Settings
from serving.release.shipped import publish_shipped_rules
from serving.running.supervisor import ROLES, Supervisor
from serving.running.tls import context_of

ORPHANS_S = 12.0
_FREE_BYTES = 100_000_000


def run(installation: Installation, settings: Settings, tell: Callable[[str], None]) -> None:
    """Everything on this machine, until SIGINT, SIGTERM or SIGHUP.

    StartError (nothing was started) when the folder, the port, the certificate, the disk or the
    record refuses.
    """
    installation.create()
    with held(installation.run / "up.lock", "`leadline up`"):
        check_disk(installation.root)
        wait_for_orphans(installation)
        check_port(settings.api.host, settings.api.port)
        context_of(settings.api, SystemClock().now())
        prepare(installation, settings)
        supervisor = Supervisor(installation, settings, tell)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.ask_to_stop)
        supervisor.run()


def prepare(installation: Installation, settings: Settings) -> None:
    """What every role expects to find: the secret, the record, rules in force."""
    installation.secret()
    engine = connect_record(installation, settings)
    try:
        publish_shipped_rules(engine, SystemClock())
    finally:
        engine.dispose()


def wait_for_orphans(installation: Installation) -> None:
    """After a killed supervisor its children end on their own; a new start gives them the time."""
    for role in ROLES:
        with held(installation.run / f"{role}.lock", role, wait_s=ORPHANS_S):
            continue


def check_port(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as problem:
        raise StartError(
            f"port {port} on {host} cannot be used ({_reason(problem)}): "
            "stop what uses it, or name another with --port"
        ) from problem


def _reason(problem: OSError) -> str:
    """The system's own words; asyncio and socket wrap them in theirs."""
    return os.strerror(problem.errno) if problem.errno and problem.errno > 0 else str(problem)


def check_disk(folder: Path, needed: int = _FREE_BYTES) -> None:
    """`needed` in bytes. StartError when fewer are free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StartError(
            f"{free // 1_000_000} MB are free at {folder}, {needed // 1_000_000} are needed: "
            "free some space, or name another folder with --data"
        )
