"""The whole process: from a row in the outbox to a receiver, and its timers."""

from __future__ import annotations

import base64
import os
import threading
import time

import pytest
from signal_fakes import receiving, signal_of
from standardwebhooks.webhooks import Webhook as Verifier

from core.clock import HOUR, FixedClock
from core.database import open_record, writing
from core.errors import DefinitionError
from core.installation import Installation
from core.settings import Destination, Settings, Signals
from events import progress
from events.intake.log import EventLog, NewEvent
from events.types import Door
from serving.roles import deliver
from signals import outbox

NOON = 1_764_000_000_000_000


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path / "data").create()


def test_a_signal_in_the_outbox_reaches_console_webhook_and_slack(installation, capsys):
    """The spine's last stage on real HTTP, and a stop that ends it."""
    secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
    with receiving() as receiver:
        destinations = {
            "console": Destination(kind="console"),
            "webhook:crm": Destination(kind="webhook", url=receiver.url + "/crm", secret=secret),
            "slack:#hot-leads": Destination(kind="slack", url=receiver.url + "/slack"),
        }
        signals = Signals(destinations=destinations, allow_private_addresses=True)
        stop = threading.Event()
        settings = Settings(signals=signals)
        role = threading.Thread(target=deliver.run, args=(installation, settings, stop))
        role.start()
        engine = open_record(installation.record_db)
        with writing(engine) as connection:
            outbox.put(connection, [signal_of(1, tuple(destinations))], 0)
        _wait_for(lambda: len(receiver.requests) == 2)
        stop.set()
        role.join(10)
    assert not role.is_alive()
    requests = {request.path: request for request in receiver.requests}
    hook = requests["/crm"]
    assert Verifier(secret).verify(hook.body, hook.headers)["type"] == "lead.hot"
    assert "/slack" in requests
    assert "Ann Lee" in capsys.readouterr().out
    with writing(engine) as connection:
        assert outbox.due(connection, time.time_ns() // 1000, 10) == []


def _wait_for(there) -> None:
    for _ in range(1_000):
        if there():
            return
        time.sleep(0.01)
    raise AssertionError("it never came")


def test_wrong_destinations_stop_the_start(installation):
    """Better told at start-up than by a signal that never came."""
    signals = Signals(destinations={"webhook:crm": Destination(kind="webhook")})
    with pytest.raises(DefinitionError):
        deliver.run(installation, Settings(signals=signals), threading.Event())


def test_the_log_is_pruned_of_what_is_old_and_processed_only(installation):
    """Raw events hold personal values, but none may go before the worker has read it."""
    clock = FixedClock(NOON)
    log = EventLog(installation.log_db, clock)
    event = NewEvent(Door.LIVE, "test", "key", "", "", b"{}")
    for _ in range(4):
        log.append([event]).result(5)
        clock.move(HOUR)
    engine = open_record(installation.record_db)
    assert deliver.prune_log(installation, engine, NOON + 3 * HOUR) == 0
    with writing(engine) as connection:
        progress.save(connection, progress.Progress(offset=2))
    assert deliver.prune_log(installation, engine, NOON + HOUR) == 1
    assert deliver.prune_log(installation, engine, NOON + 9 * HOUR) == 1
    assert [raw.offset for raw in log.read(0, 10)] == [3, 4]
    log.close()
