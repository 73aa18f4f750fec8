"""The whole job over real HTTP on a small world, as a person runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

from serving.running.embedded import free_port

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def start(folder: Path, leads: int) -> subprocess.Popen[str]:
    words = ["demo", "--leads", str(leads), "--seed", "11", "--difficulty", "intro"]
    command = [
        sys.executable,
        "-m",
        "cli",
        *words,
        "--port",
        str(free_port()),
        "--data",
        str(folder),
    ]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def left_behind(folder: Path) -> list[str]:
    """Processes that still work in a data folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A demo that ran to its end: its folder, what it printed, its exit code."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    running = start(folder, 300)
    printed, _ = running.communicate(timeout=400)
    return folder, printed, running.returncode


def figures(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "demo.json").read_text())
    return found


def test_the_demo_ends_well_and_leaves_nothing_running(told: tuple[Path, str, int]) -> None:
    """Exit code 0 says that every step did what it should; nothing it started outlives it."""
    folder, printed, code = told
    assert code == 0, printed[-3_000:]
    assert not left_behind(folder)


def test_the_last_lines_are_the_object_in_the_file(told: tuple[Path, str, int]) -> None:
    """Others read either."""
    folder, printed, _ = told
    assert json.loads(printed[printed.rindex("\n{\n") :]) == figures(folder)


def test_no_event_is_lost_or_counted_twice(told: tuple[Path, str, int]) -> None:
    """posted = accepted + refused, accepted = processed + duplicates + failed, and a feature that
    counts page views, summed over all leads, is the number posted.
    """
    found = figures(told[0])
    assert found["events_posted"] == found["events_accepted"] + found["events_refused"]
    done = found["events_processed"] + found["events_duplicate"] + found["events_failed"]
    assert found["events_accepted"] == done
    assert found["page_views_counted"] == found["page_views_posted"] > 1_000
    assert found["leads"] == 300


def test_a_model_was_trained_served_and_compared(told: tuple[Path, str, int]) -> None:
    """From events alone to a registered model and its figures beside the baseline's."""
    model = figures(told[0])["model"]
    assert (model["name"], model["version"]) == ("lead_propensity", "1")
    for name in ("auc", "average_precision", "brier", "baseline_auc"):
        assert 0.0 < model[name] < 1.0


def test_the_model_learnt_something(told: tuple[Path, str, int]) -> None:
    """One that learnt nothing has an AUC of 0.5, and at best the Brier score of the base rate.

    This world gives 0.80 on its 45 test leads, with a standard error of 0.07.
    """
    model = figures(told[0])["model"]
    groups = model["closed_by_then"], model["open_then"]
    rate = sum(group["won"] for group in groups) / sum(group["rows"] for group in groups)
    assert model["auc"] > 0.6
    assert model["brier"] < rate * (1 - rate)


def test_live_visitors_became_signals_with_owner_and_reasons(told: tuple[Path, str, int]) -> None:
    """The end of the way: the right person hears of it, and why."""
    _, printed, _ = told
    assert figures(told[0])["signals"] >= 20
    assert "lead.hot to " in printed
    assert "Sent 1 form in the last day" in printed


def leadline(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *words, "--data", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_what_was_served_is_what_history_says(told: tuple[Path, str, int]) -> None:
    """Parity on the demo's own score calls, with everything stopped: no value differs."""
    done = leadline("features", "parity", "--sample", "20000", "--json", folder=told[0])
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["compared"] >= 20_000
    assert found["mismatches"] == 0
    assert found["filled"] > 0.2 * found["compared"], "mostly zeros would agree by accident"


def test_an_edit_is_tried_on_the_leads_of_the_past(
    told: tuple[Path, str, int], tmp_path: Path
) -> None:
    """Before and after per band, each lead once, none judged by a model that knew its end; whoever
    flips can be explained as of the moment it was judged.
    """
    draft = tmp_path / "draft"
    shutil.copytree(ROOT / "rules" / "catalog", draft)
    bands = draft / "priority.yaml"
    bands.write_text(bands.read_text().replace("enter: 55, leave: 45", "enter: 65, leave: 55"))

    done = leadline(
        "rules", "backtest", "--draft", str(draft), "--days", "3650", "--json", folder=told[0]
    )
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    sources = found["propensities"]
    assert sources["out_of_fold"] + sources["held_out"] == found["leads"] == 300
    for side in ("before", "after"):
        assert sum(part[side]["leads"] for part in found["bands"].values()) == 300
    assert found["bands"]["hot"]["after"]["leads"] < found["bands"]["hot"]["before"]["leads"]
    flip = found["flips"][0]
    assert (flip["band_before"], flip["band_after"]) == ("hot", "warm")

    where = ("--at", flip["moment"], "--json")
    explained = json.loads(
        leadline("rules", "explain", flip["crm_id"], *where, folder=told[0]).stdout
    )
    assert explained["lead_id"] == flip["lead_id"]
    assert explained["trace"]["route"]["rule"] == flip["route_before"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_its_plots(
    path: Path, told: tuple[Path, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data scientist's first steps, with the packages' public functions and nothing else."""
    search = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", search)
    monkeypatch.setenv("LEADLINE_DATA", str(told[0]))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=240, resources={"metadata": {"path": path.parent}})
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_ctrl_c_in_the_middle_stops_everything(tmp_path: Path) -> None:
    """Nobody has to look for processes of a demo that was broken off."""
    folder = tmp_path / "data"
    running = start(folder, 300)
    assert running.stdout is not None
    for line in running.stdout:
        if "waiting for the worker" in line:
            break
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in rest
    assert not left_behind(folder)
