"""What `leadline doctor` looks at on the machine, whatever is installed or running there."""

from __future__ import annotations

import ctypes
import platform
import shutil
import subprocess
import sys

import msgspec

from core.errors import LeadlineError
from core.installation import Installation
from serving.running.embedded import server_program

FREE_GB = 2


class Finding(msgspec.Struct, frozen=True):
    """`state` is ok, note (fine, but worth knowing) or wrong (then `do` says what to do)."""

    subject: str
    state: str
    told: str
    do: str = ""


def wrong(subject: str, problem: LeadlineError) -> Finding:
    told = "; ".join([problem.detail, *map(str, problem.problems)])
    return Finding(subject, "wrong", told, problem.do)


def python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return Finding(
        "python",
        "ok" if fine else "wrong",
        platform.python_version(),
        "" if fine else "3.11 or later",
    )


def openmp() -> Finding:
    """LightGBM links against it; no wheel brings it on Linux."""
    if not sys.platform.startswith("linux"):
        return Finding("libgomp", "ok", "not needed here")
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError as problem:
        return Finding("libgomp", "wrong", str(problem), "apt-get install libgomp1")
    return Finding("libgomp", "ok", "there")


def server() -> Finding:
    try:
        program = server_program()
        told = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except LeadlineError as problem:
        return wrong("embedded server", problem)
    except (OSError, subprocess.SubprocessError) as problem:
        do = "apt-get install redis-server, or name a server as redis.url"
        return Finding("embedded server", "wrong", f"does not start: {problem}", do)
    return Finding("embedded server", "ok", " ".join(told.split()[:3]))


def disk(installation: Installation) -> Finding:
    folder = next(path for path in (installation.root, *installation.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free / 1e9
    if free < FREE_GB:
        do = f"free some space: below {FREE_GB} GB nothing may be left when it is needed"
        return Finding("disk", "wrong", f"{free:.1f} GB free at {folder}", do)
    return Finding("disk", "ok", f"{free:.0f} GB free at {folder}")
