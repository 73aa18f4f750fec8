"""Several processes open a registry that nobody has made yet: training and the watcher do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.installation import Installation

ROOT = Path(__file__).parents[2]
OPEN = """
import sys
from pathlib import Path
from core.installation import Installation
from scoring.registry import open_registry
open_registry(Installation(Path(sys.argv[1])))
"""


def test_two_processes_may_open_a_new_registry_at_once(tmp_path: Path) -> None:
    """MLflow makes its tables without a lock; unlocked, one of the two finds them half made."""
    folder = str(Installation(tmp_path / "data").create().root)
    command = [sys.executable, "-c", OPEN, folder]
    both = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told


def test_a_store_opens_without_words_on_its_libraries(tmp_path: Path) -> None:
    """Feast has every deprecation shown: a user would read that MLflow's tables are out of date.
    Whoever imported MLflow before has it tell of every engine.
    """
    folder = str(Installation(tmp_path / "data").create().root)
    command = [sys.executable, "-W", "default::DeprecationWarning", "-c", f"import mlflow\n{OPEN}"]
    for state in ("new", "there already"):
        done = subprocess.run(
            [*command, folder], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, (state, done.stderr)
        assert "SADeprecationWarning" not in done.stderr, state
        assert " INFO " not in done.stderr, state
