"""`docs/api.md`, followed word by word: real curl, real Python, against a running api.

A ```console block is a shell's: `$` begins a command, `>` goes on with it, and below stands what it
prints; `…` stands for anything left out. A ```python block is a file; a ```text block behind it is
what it prints.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.serving.api.conftest import CLIENT_S, Rig

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(console|python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:3000"
EXPORT = re.compile(r"export (\w+)=")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """An installation that nobody else writes to: the guide begins on an empty one."""
    built = Rig(tmp_path_factory.mktemp("installation"))
    yield built
    built.close()


class Block(NamedTuple):
    kind: str
    body: str


class Desk:
    """A folder that somebody works in, with the commands on the path and what was exported."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self._rig = rig
        self._folder = folder
        programs = folder / "bin"
        programs.mkdir()
        (folder / ".leadline").mkdir()
        (folder / ".leadline" / "default").symlink_to(rig.installation.root)
        for name, module in (
            ("leadline", "cli"),
            ("openapi-python-client", "openapi_python_client"),
        ):
            script = programs / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
            script.chmod(0o755)
        path = os.pathsep.join(
            [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
        )
        self._variables = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def shell(self, command: str) -> str:
        """What it prints; exported variables stay for the commands to come."""
        if exported := EXPORT.match(command):
            name = exported[1]
            self._variables[name] = self._run(["bash", "-c", f'{command}; printf %s "${name}"'])
            return ""
        return self._run(["bash", "-o", "pipefail", "-c", command])

    def python(self, code: str) -> str:
        file = self._folder / "example.py"
        file.write_text(code.replace(ADDRESS, self._rig.url))
        return self._run([sys.executable, str(file)])

    def _run(self, words: list[str]) -> str:
        words = [word.replace(ADDRESS, self._rig.url) for word in words]
        made = subprocess.run(
            words,
            cwd=self._folder,
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=CLIENT_S,
            check=False,
        )
        assert made.returncode == 0, (words, made.stdout, made.stderr)
        return made.stdout


def sections() -> Iterator[tuple[str, list[Block]]]:
    for part in re.split(r"^## ", GUIDE.read_text(), flags=re.MULTILINE)[1:]:
        blocks = [Block(*found) for found in BLOCK.findall(part)]
        if blocks:
            yield part.partition("\n")[0], blocks


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Command and what it prints."""
    for one in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = one.splitlines()
        more = next((at for at, line in enumerate(lines[1:]) if line[:2] != "> "), len(lines) - 1)
        command = "\n".join([lines[0], *(line[2:] for line in lines[1 : more + 1])])
        yield command, "\n".join(lines[more + 1 :])


def as_told(printed: str, told: str) -> bool:
    pattern = re.escape(told.strip()).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def test_everything_in_the_guide_does_what_it_says(rig: Rig, tmp_path: Path) -> None:
    """People copy it: a field or a message that changed has to change there too. Sections go on
    where the one before ended, as a reader does.
    """
    desk = Desk(rig, tmp_path)
    done = 0
    for title, blocks in sections():
        for at, block in enumerate(blocks):
            if block.kind == "python":
                behind = blocks[at + 1] if at + 1 < len(blocks) else Block("", "")
                printed = desk.python(block.body)
                told = behind.body if behind.kind == "text" else ""
                assert as_told(printed, told), f"{title}\n{printed}\n--- told:\n{told}"
                done += 1
            elif block.kind == "console":
                for command, told in commands(block.body):
                    printed = desk.shell(command)
                    assert as_told(printed, told), f"$ {command}\n{printed}\n--- told:\n{told}"
                    done += 1
            rig.work()
    assert done >= 18


def test_the_guide_is_short_and_leaves_nothing_out() -> None:
    """What is not read helps nobody; a word in `degraded` that is not explained helps nobody."""
    text = GUIDE.read_text()
    assert len(text.splitlines()) <= 300
    for word in ("model", "online_store", "record", "worker", "rules", "experiment"):
        assert f"| `{word}` |" in text
    for status in ("400", "403", "404", "413", "415", "429, 503", "504"):
        assert f"| {status} |" in text


@pytest.mark.parametrize(
    ("block", "told"),
    [("$ a\nb\n", [("a", "b")]), ("$ a\n> b\nc\n$ d\n", [("a\nb", "c"), ("d", "")])],
)
def test_a_shell_block_is_read_as_a_shell_would(block: str, told: list[tuple[str, str]]) -> None:
    """A command that the test passes over would not be tried."""
    assert list(commands(block)) == told
