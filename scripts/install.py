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
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(entry("uv"))
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "--no-deps", "-r", str(only_uv)], environment)
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", python]
    environment |= told_to_pip(python, environment)
    locked = ["--require-hashes", "--compile-bytecode", "-r", str(LOCK)]
    run([*uv, *locked], environment)
    run([*uv, "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], environment)
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
    listed = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False
    ).stdout
    told = {}
    for line in listed.splitlines():  # global.index-url='https://…', the strongest one last
        key, _, value = line.partition("=")
        name = PIP_TO_UV.get(key.rpartition(".")[2])
        if name is not None and name not in environment:
            between = "," if name == "UV_FIND_LINKS" else " "
            told[name] = between.join(value.strip("'\"").replace("\\n", " ").split())
    # Several sources may hold one package in different versions: the hashes say which is meant.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **told}


def run(command: list[str], environment: dict[str, str]) -> None:
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError as problem:
        sys.exit(f"cannot run {command[0]}: {problem}")
    if done.returncode:
        sys.exit(f"failed (exit code {done.returncode}): {' '.join(command[:6])} …")


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
