"""Compares served values with the lake from time to time, where it disturbs nobody."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading

import msgspec

from core.errors import WorkError
from core.installation import Installation
from core.settings import Features

_log = logging.getLogger(__name__)

MOST_S = 900.0
_LOOK_S = 0.5


class _Told(msgspec.Struct):
    compared: int
    mismatches: int


class ParityWatch:
    """Feast costs seconds and memory, so each look is a process of low priority that ends."""

    def __init__(
        self, installation: Installation, settings: Features, stop: threading.Event
    ) -> None:
        words = ["features", "parity", "--new", "--json"]
        self._command = [
            *("nice", "-n", "19"),
            *(sys.executable, "-m", "cli", *words),
            *("--sample", str(settings.parity_values)),
            *("--data", str(installation.root)),
        ]
        self._log = installation.logs / "parity.log"
        self._stop = stop

    def look(self) -> None:
        """One comparison. WorkError when it could not be made; a warning when values differ. Asked
        to stop, it begins none, and ends the one that runs.
        """
        if self._stop.is_set():
            return
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
            printed = self._await(process)
        if printed is None:
            return
        try:
            told = msgspec.json.decode(printed.splitlines()[-1], type=_Told)
        except (IndexError, msgspec.MsgspecError):
            words = self._log.read_text(errors="replace").strip() or "it left no word"
            raise WorkError(f"no comparison: {words.splitlines()[-1]}") from None
        if told.mismatches:
            _log.warning(
                "%d of %d served values differ from the lake: see `leadline features parity`",
                told.mismatches,
                told.compared,
            )

    def _await(self, process: subprocess.Popen[bytes]) -> bytes | None:
        """What it printed; None when we are asked to stop before it has ended."""
        waited = 0.0
        while True:
            try:
                return process.communicate(timeout=_LOOK_S)[0]
            except subprocess.TimeoutExpired:
                waited += _LOOK_S
            if self._stop.is_set() or waited > MOST_S:
                process.kill()
                process.communicate()
                return None
