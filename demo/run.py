"""The whole demo: its steps in order, its figures, and nothing left behind."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from typing import NamedTuple

import httpx
import msgspec

from core.installation import Installation
from demo import history, steps
from demo.build import Built, Paths
from demo.figures import Figures, Model, spread
from demo.folder import make_anew, new_webhook_secret, write_settings
from demo.memory import PeakMemory
from demo.post import Posted
from demo.receiver import SLACK_PATH, WEBHOOK_PATH, Receiver
from demo.story import tell_figures, tell_visit
from demo.system import System
from demo.teller import Teller
from serving.keys import KeyKind
from serving.running.up import check_disk, check_port

HOST = "127.0.0.1"
_DISK = 200_000_000
_DISK_A_LEAD = 120_000
"""What a run was seen to fill, in bytes: 515 MB with 5,000 leads, their world included."""
_LOOK_S = 0.5


class Options(NamedTuple):
    """What `leadline demo` was asked for."""

    installation: Installation
    seed: int
    difficulty: str
    leads: int
    port: int
    keep_running: bool


def run(options: Options, teller: Teller) -> None:
    """Runs the demo and writes `demo.json`; whatever happens, stops all that it started.

    StartError when it cannot begin, WorkError when a step falls short.
    """
    started = time.perf_counter()
    check_port(HOST, options.port)
    make_anew(options.installation)
    check_disk(options.installation.root, _DISK + _DISK_A_LEAD * options.leads)
    secret = new_webhook_secret()
    receiver, memory = Receiver(secret), PeakMemory()
    write_settings(
        options.installation.settings_file,
        receiver.url(WEBHOOK_PATH),
        receiver.url(SLACK_PATH),
        secret,
    )
    system = System(options.installation, options.port)
    with ExitStack() as stack:
        stack.callback(system.stop)
        system.start()  # before the threads of receiver and memory
        stack.enter_context(receiver)
        stack.enter_context(memory)
        figures = _take_steps(options, teller, system, receiver)
        figures.peak_memory_mib = round(memory.peak_mib)
        figures.step_seconds = teller.step_seconds
        figures.seconds = round(time.perf_counter() - started, 1)
        _finish(options, teller, figures)
        if options.keep_running:
            _stay(system)


def _take_steps(options: Options, teller: Teller, system: System, receiver: Receiver) -> Figures:
    world = Paths(options.installation.root / "world")
    with teller.step("world", f"world of {options.leads:,} leads, seed {options.seed}"):
        built = steps.build_world(world.folder, options.seed, options.difficulty, options.leads)
    with teller.step("start", f"starting Leadline at {system.url}"):
        system.await_ready()
        secret, write = system.client(KeyKind.SECRET), system.client(KeyKind.WRITE)
    posted, counts, known = _history(teller, system, secret, world, built)
    model, score_ms = _model(teller, system, secret, world, built)
    with teller.step("visit", "live visitors"):
        people = steps.introduce(secret, options.seed, built.companies)
        visits = steps.walk(people, write, secret, receiver)
        tell_visit(visits[0], teller.line)
    return Figures(
        seed=options.seed,
        difficulty=options.difficulty,
        events_posted=built.calls,
        events_accepted=posted.accepted,
        events_refused=posted.refused,
        events_processed=counts.processed,
        events_duplicate=counts.duplicates,
        events_failed=counts.failed + posted.refused,
        page_views_posted=built.page_views,
        page_views_counted=known.page_views,
        leads=known.leads,
        accounts=known.accounts,
        model=model,
        signals=len(receiver.arrivals),
        slack_messages=receiver.slack_messages,
        slack_waiting=steps.slack_waiting(system),
        event_to_signal_ms=spread([visit.milliseconds for visit in visits]),
        score_ms=spread(score_ms),
        worker_stage_seconds=counts.stage_seconds,
    )


def _history(
    teller: Teller, system: System, secret: httpx.Client, world: Paths, built: Built
) -> tuple[Posted, history.Counts, history.Known]:
    with teller.step("post", f"posting {built.calls:,} events of history"):
        posted = history.post_history(secret, world.calls, built.calls, teller)
    with teller.step("catch_up", "waiting for the worker"):
        counts = history.catch_up(system, secret, posted.accepted, teller)
    with teller.step("check", "counting page views over all leads"):
        known = history.count_known(system, built.page_views)
    return posted, counts, known


def _model(
    teller: Teller, system: System, secret: httpx.Client, world: Paths, built: Built
) -> tuple[Model, list[float]]:
    with teller.step("train", "training, and the flat baseline"):
        model = steps.train(system, world)
    with teller.step("serve", f"waiting until version {model.version} serves"):
        steps.await_champion(secret, built.people[0], model.version)
    with teller.step("score", "scoring leads over HTTP, one a call"):
        score_ms = steps.score_leads(secret, built.people)
    return model, score_ms


def _finish(options: Options, teller: Teller, figures: Figures) -> None:
    """The summary, and as the last lines the same object that `demo.json` holds."""
    told = msgspec.json.format(msgspec.json.encode(figures), indent=2)
    (options.installation.root / "demo.json").write_bytes(told + b"\n")
    tell_figures(figures, teller.line)
    if options.keep_running:
        teller.line(f"keeps running at http://{HOST}:{options.port} until Ctrl-C")
    teller.line(told.decode())


def _stay(system: System) -> None:
    """Until Ctrl-C, which is the asked end of it, or until the system ends by itself."""
    with suppress(KeyboardInterrupt):
        while True:
            system.check()
            time.sleep(_LOOK_S)
