"""`make install`: what it asks of the machine, and what it takes from the lock."""

import ctypes
import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def install() -> ModuleType:
    """The script stands outside the packages: it must run before anything is installed."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "scripts" / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins() -> list[str]:
    """The lock's entries, each with the lines of its hashes."""
    return re.split(r"\n(?=[a-zA-Z0-9])", LOCK.strip())


def test_every_entry_of_the_lock_is_one_version_with_hashes() -> None:
    """An entry without a hash would let any file through, and pip refuse all the others."""
    loose = [pin for pin in pins() if "==" not in pin or "--hash=sha256:" not in pin]

    assert loose == []


def test_the_lock_names_no_place() -> None:
    """Where packages come from is the machine's own setting, a mirror perhaps."""
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links| @ ", LOCK)


def test_every_declared_dependency_is_locked() -> None:
    """One that was added without `make lock` would be missing on every fresh machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [
        name for extra in project["optional-dependencies"].values() for name in extra
    ]
    locked = {plain(pin) for pin in pins()}

    assert {plain(name) for name in wanted} - locked == set()


def plain(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name is not None
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def test_uv_is_taken_from_the_lock_alone(install: ModuleType) -> None:
    """The first thing that pip brings runs everything else: it is held to its hashes too."""
    lines = install.entry("uv").splitlines()

    assert lines[0].startswith("uv==")
    assert all("--hash=sha256:" in line for line in lines[1:])
    assert len(lines) > 1


def test_a_ready_machine_lacks_nothing(install: ModuleType) -> None:
    """These tests run on one."""
    assert install.missing() == []


def test_all_that_is_missing_is_named_at_once(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in one line with the command that brings it, instead of one a run."""

    def no_library(_name: str) -> None:
        raise OSError

    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(ctypes, "CDLL", no_library)

    lacks = install.missing()

    assert len(lacks) == 3
    assert all("apt-get install" in line and "\n" not in line for line in lacks)


def test_uv_is_told_what_pip_was_told(install: ModuleType) -> None:
    """Behind a company's mirror pip is set up, and uv would look elsewhere and fail."""
    listed = (
        ":env:.index-url='https://mirror.example/simple'\n"
        "download.index-url='https://never.example/simple'\n"
        "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'\n"
        "global.find-links='/a /b'\n"
        "global.index-url='https://weaker.example/simple'\n"
        "global.timeout='60'\n"
    )

    assert dict(install.in_uv_words(listed)) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/a,/b",
    }
