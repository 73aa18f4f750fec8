"""`leadline up` under traffic, and `kill -9` for each of its processes, itself among them."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import yaml

from core.clock import SystemClock
from core.connections import connect_record
from core.installation import Installation
from core.settings import load_settings
from demo.folder import new_webhook_secret
from demo.receiver import WEBHOOK_PATH, Receiver
from serving.embedded import free_port
from serving.keys import KeyKind, create
from serving.supervisor import ROLES
from tests.proof.senders import History, Sender, Visitors
from tests.proof.tally import Stores, Tally, caught_up, tally

ROOT = Path(__file__).parents[2]
VICTIMS = (*ROLES, "redis", "up")
MOST_PAUSE_S = 4.0
START_S, DRAIN_S = 120.0, 180.0


class Proof(NamedTuple):
    killed: list[str]
    tries: int
    """Batches offered, with the ones that were offered again."""
    tally: Tally


def victims(kills: int, seed: int) -> Iterator[str]:
    """Every one of them once before any of them again, in an order that the seed draws.

    The supervisor is among them: a new one counts quick ends anew, as after an operator's restart.
    """
    draw = random.Random(seed)
    for at in range(kills):
        if at % len(VICTIMS) == 0:
            order = draw.sample(VICTIMS, len(VICTIMS))
        yield order[at % len(VICTIMS)]


def prove(folder: Path, kills: int, seed: int) -> Proof:
    """Posts, kills, waits until all is processed and delivered, and counts."""
    installation = Installation(folder).create()
    secret = new_webhook_secret()
    with Receiver(secret) as receiver:
        _write_settings(installation, receiver.url(WEBHOOK_PATH), secret)
        running = Running(installation)
        try:
            running.await_ready()
            senders = _senders(installation, running.url)
            killed = _kill_under_traffic(running, senders, kills, seed)
            running.await_ready()
            stores = Stores(installation)
            until(lambda: caught_up(stores), DRAIN_S, "all is processed and delivered")
            messages = [one for sender in senders for one in sender.acknowledged]
            tries = sum(sender.tries for sender in senders)
            return Proof(killed, tries, tally(stores, receiver, messages))
        finally:
            running.stop()


def _kill_under_traffic(
    running: Running, senders: list[Sender], kills: int, seed: int
) -> list[str]:
    stop = senders[0].stop
    draw = random.Random(seed)
    killed = []
    for sender in senders:
        sender.start()
    try:
        for name in victims(kills, seed):
            time.sleep(draw.uniform(0.5, MOST_PAUSE_S))
            running.kill(name)
            killed.append(name)
    finally:
        stop.set()
    for sender in senders:
        sender.join(START_S)
        assert not sender.is_alive(), "a batch was never acknowledged"
        assert not sender.problem, sender.problem
    return killed


def _senders(installation: Installation, url: str) -> list[Sender]:
    record = connect_record(installation, load_settings())
    key = create(record, KeyKind.SECRET, SystemClock().now()).key
    record.dispose()
    stop = threading.Event()
    return [Visitors(url, key, 1, stop), Visitors(url, key, 2, stop), History(url, key, 3, stop)]


def _write_settings(installation: Installation, url: str, secret: str) -> None:
    """Both names that the shipped routes use lead to the receiver, which checks signatures."""
    hook = {"kind": "webhook", "url": url, "secret": secret}
    destinations = {"console": {"kind": "console"}, "webhook:crm": hook, "slack:#hot-leads": hook}
    signals = {"destinations": destinations, "allow_private_addresses": True}
    installation.settings_file.write_text(yaml.safe_dump({"signals": signals}))


class Running:
    """`leadline up`, started again whenever it was killed itself."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._up = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(self._installation.root)
        words = ["up", "--port", str(self._port), "--data", root]
        with (self._installation.logs / "up.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", *words], cwd=ROOT, stdout=log, stderr=log
            )

    def kill(self, name: str) -> None:
        """As soon as it is there: it may still be on its way back from the last time."""
        if name == "up":
            self._up.kill()
            self._up.wait()
            self._up = self._start()
            return
        until(lambda: self._kill_child(name), START_S, f"{name} runs")

    def _kill_child(self, name: str) -> bool:
        """False when it is not there."""
        assert self._up.poll() is None, f"`leadline up` gave up: see {self._installation.logs}"
        for child in psutil.Process(self._up.pid).children():
            with suppress(psutil.NoSuchProcess):
                if _is(name, child.cmdline()):
                    child.kill()
                    return True
        return False

    def await_ready(self) -> None:
        until(self._ready, START_S, "the api is ready")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        self._up.send_signal(signal.SIGINT)
        try:
            self._up.wait(60)
        except subprocess.TimeoutExpired:
            self._up.kill()


def _is(name: str, words: list[str]) -> bool:
    """The embedded server writes its own title over its command line."""
    return name in words or (name == "redis" and bool(words) and "-server" in words[0])


def until(true: Callable[[], bool], patience_s: float, told: str) -> None:
    deadline = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < deadline, f"not so after {patience_s:.0f} s: {told}"
        time.sleep(0.1)
