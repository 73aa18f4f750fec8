"""The supervisor: embedded server, api, worker and deliver as one.

It has no threads and no duty besides: it starts its children in order, starts a crashed one again,
and stops them in the order in which the work flows, so that what was accepted is carried on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from core.errors import StartError, WorkError
from core.installation import Installation
from core.settings import Settings
from serving.running.child import Child
from serving.running.embedded import Embedded, free_port
from serving.running.listening import Listening, listening_of
from serving.running.probe import ready_status

ROLES = ("api", "worker", "deliver")
PAGES = "models"
"""The child that serves MLflow's pages, and its log."""
STOP_S = 10.0
READY_S = 120.0
_LOOK_S = 0.05


class Supervisor:
    """Runs one installation until it is asked to stop."""

    def __init__(
        self, installation: Installation, settings: Settings, tell: Callable[[str], None]
    ) -> None:
        self._installation = installation
        self._api = settings.api
        self._pages_port = settings.models.ui_port
        self._server = Embedded(installation) if settings.redis.url is None else None
        self._tell = tell
        self._children: dict[str, Child] = {}
        self._asked = 0
        self._stop_by: float | None = None

    def ask_to_stop(self, *_: object) -> None:
        """The signal handler: only counts, as it may interrupt any line. Asked twice it hurries."""
        self._asked += 1

    def run(self) -> None:
        """Until asked to stop or unable to keep a child running (LeadlineError); stops them all."""
        try:
            self._start()
            while not self._asked:
                self._look()
                time.sleep(_LOOK_S)
        finally:
            self._stop()

    def _start(self) -> None:
        self._tell(f"starting in {self._installation.root}")
        if self._server is not None:
            child = self._child("redis", self._server.command(), self._installation.redis)
            self._await(self._server.answers, child.name)
        root = self._installation.root
        for role in ROLES:
            command = [sys.executable, "-m", "cli", role, "--data", str(root)]
            command += ["--port", str(self._api.port)] if role == "api" else []
            if not self._asked:
                self._child(role, command, root, talking=role == "deliver")
        self._await(self._ready, "api")
        if not self._asked:
            self._tell(f"ready at {self._at().url}")
            self._start_pages()
            self._tell(f"Ctrl-C stops it; logs are in {self._installation.logs}")

    def _start_pages(self) -> None:
        """MLflow's pages, last and of low priority: they wait until somebody looks."""
        if self._pages_port is None:
            return
        port = self._pages_port or free_port()
        words = ["models", "ui", "--port", str(port), "--data", str(self._installation.root)]
        command = ["nice", "-n", "10", sys.executable, "-m", "cli", *words]
        self._child(PAGES, command, self._installation.root)
        # Without the question MLflow shows what it has for language models, which is nothing here.
        address = f"http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning"
        self._tell(f"models: {address} (MLflow, for reading, on this machine alone)")

    def _child(self, name: str, command: list[str], cwd: Path, talking: bool = False) -> Child:
        child = Child(name, command, self._installation.logs / f"{name}.log", cwd, talking)
        self._children[name] = child
        child.start()
        return child

    def _await(self, there: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + READY_S
        while not self._asked and not there():
            if time.monotonic() > deadline:
                log = self._children[name].log
                raise WorkError(f"{name} is not ready after {READY_S:.0f} s", do=f"its log: {log}")
            self._look()
            time.sleep(_LOOK_S)

    def _look(self) -> None:
        self._look_at_pages()
        for child in self._children.values():
            if child.name == PAGES:
                continue
            code = child.look()
            if code == StartError.exit_code:  # its operator has to do something: no use in retrying
                told = "\n".join(child.last_words(lines=20))
                raise StartError(f"{child.name} cannot start:\n{told}")
            if code is not None and not self._asked:
                self._tell(f"{child.name} ended with exit code {code}: starting it again")

    def _look_at_pages(self) -> None:
        """Nothing depends on them: when they cannot be had, the rest goes on."""
        pages = self._children.get(PAGES)
        if pages is None:
            return
        try:
            pages.look()
        except WorkError as trouble:
            self._tell(f"MLflow's pages are not served: {trouble.detail}")
            del self._children[PAGES]

    def _ready(self) -> bool:
        return ready_status(self._at()) == 200

    def _at(self) -> Listening:
        at = listening_of(self._api)
        return replace(at, host="127.0.0.1") if at.host in {"0.0.0.0", "::"} else at  # noqa: S104

    def _patience(self) -> float:
        if self._stop_by is None:
            self._stop_by = time.monotonic() + STOP_S
        return 0.0 if self._asked > 1 else self._stop_by - time.monotonic()

    def _stop(self) -> None:
        for name in (PAGES, *ROLES, "redis"):
            self._stop_by = None
            if name in self._children:
                self._children[name].stop(self._patience)
        if self._server is not None:
            self._server.forget()
