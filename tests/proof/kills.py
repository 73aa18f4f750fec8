"""`leadline up` under traffic, and `kill -9` for each of its processes, itself among them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from core.clock import SystemClock
from core.connections import connect_record
from core.installation import Installation
from core.settings import load_settings
from demo.folder import new_webhook_secret
from demo.receiver import WEBHOOK_PATH, Receiver
from serving.keys import KeyKind, create
from tests.proof.running import START_S, VICTIMS, Running, until
from tests.proof.senders import History, Sender, Visitors
from tests.proof.tally import Stores, Tally, caught_up, tally

MOST_PAUSE_S = 3.0
CALM = 0.75
"""Share of the kills that wait until traffic flows again; the others may hit a process that starts.
"""
DRAIN_S = 180.0


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
            if draw.random() < CALM:
                await_traffic(senders)
            time.sleep(draw.uniform(0, MOST_PAUSE_S))
            running.kill(name)
            killed.append(name)
    finally:
        stop.set()
    for sender in senders:
        sender.join(START_S)
        assert not sender.is_alive(), "a batch was never acknowledged"
        assert not sender.problem, sender.problem
    return killed


def await_traffic(senders: list[Sender]) -> None:
    """Until each of them got another answer."""
    before = [len(sender.acknowledged) for sender in senders]
    until(
        lambda: all(
            len(sender.acknowledged) > count for sender, count in zip(senders, before, strict=True)
        ),
        START_S,
        "every sender gets an answer",
    )


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
