"""Makes `.venv` from requirements.lock: pip brings uv, uv brings the rest, every file by its hash.

Run by `make install` with the machine's own Python; uses nothing but the standard library. What is
missing on the machine is named in one line each, with the command that brings it, exit code 2.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / ".installed"

# pip may be set up to install somewhere else than into the environment that runs it.
ELSEWHERE = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH")

# Where packages come from and what vouches for the connection: what pip was told, uv is told.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}

STRENGTH = {"global": 1, "install": 2, ":env:": 3}
# Sections of pip's settings that count here, and which of them wins.


def missing() -> list[str]:
    """One line for each thing that this machine lacks."""
    lacks = []
    if sys.version_info < (3, 11):  # noqa: UP036  (this very file may be run by an older one)
        have = "%d.%d" % sys.version_info[:2]  # noqa: UP031
        lacks.append(
            f"Python 3.11 or later is needed, {sys.executable} is {have}: "
            "apt-get install python3, or `make PYTHON=… install`"
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        lacks.append("Python's venv module is missing: apt-get install python3-venv")
    if sys.platform.startswith("linux"):
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError:
            lacks.append(
                "the library libgomp.so.1 (for LightGBM) is missing: apt-get install libgomp1"
            )
    return lacks


def install() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    if not STAMP.exists():  # an installation that was broken off is not worth repairing
        run([sys.executable, "-m", "venv", "--clear", str(VENV)], environment)
    STAMP.unlink(missing_ok=True)
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(entry("uv"))
        run([*pip, "--quiet", "--require-hashes", "--no-deps", "-r", str(only_uv)], environment)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", python, "--compile-bytecode"]
    locked = ["--require-hashes", "-r", str(LOCK)]
    if not runs([*uv, *locked], environment | told_to_pip(python, environment)):
        print("uv could not bring all of it; pip tries again, which takes some minutes")
        run([*pip, *locked], environment)
    run([*pip, "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT)], environment)
    STAMP.touch()


def entry(name: str) -> str:
    """The lines of one package in the lock: its pin and its hashes."""
    lines = LOCK.read_text().splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith(f"{name}=="))
    last = next(at for at in range(first, len(lines)) if not lines[at].endswith("\\"))
    return "\n".join(lines[first : last + 1]) + "\n"


def told_to_pip(python: str, environment: dict[str, str]) -> dict[str, str]:
    """What pip was set to by files and environment, in uv's words; uv's own settings win."""
    command = [python, "-m", "pip", "config", "list"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    told = {name: value for name, value in in_uv_words(done.stdout) if name not in environment}
    # Several sources may hold one package in different versions: the hashes say which is meant.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **told}


def in_uv_words(listed: str) -> list[tuple[str, str]]:
    """Lines like `global.index-url='https://…'` → uv's variables, the strongest of a name last."""
    found = []
    lines = [line for line in listed.splitlines() if line.split(".")[0] in STRENGTH]
    for line in sorted(lines, key=lambda line: STRENGTH[line.split(".")[0]]):
        key, _, value = line.partition("=")
        name = PIP_TO_UV.get(key.rpartition(".")[2])
        if name is not None:
            between = "," if name == "UV_FIND_LINKS" else " "
            found.append((name, between.join(value.strip("'\"").replace("\\n", " ").split())))
    return found


def run(command: list[str], environment: dict[str, str]) -> None:
    if not runs(command, environment):
        sys.exit(f"failed: {' '.join(command[:6])} …")


def runs(command: list[str], environment: dict[str, str]) -> bool:
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError as problem:
        print(f"cannot run {command[0]}: {problem}", file=sys.stderr)
        return False
    return done.returncode == 0


def main() -> None:
    lacks = missing()
    if lacks:
        print("\n".join(lacks), file=sys.stderr)
        sys.exit(2)
    started = time.monotonic()
    print(f"installing {LOCK.name} into {VENV.name} ({shutil.disk_usage(ROOT).free >> 20} MB free)")
    install()
    print(f"installed in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
