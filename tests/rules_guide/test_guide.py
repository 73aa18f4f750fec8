"""`docs/rules.md`: the ten worked edits, done as they are written.

An HTML comment above a block says where the text puts it. A block that begins with ```console is a
shell's: each command is run, and prints what stands below it; `…` stands for anything left out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import run
from core.clock import SystemClock
from core.database import open_record
from core.installation import Installation
from rules import life, read_catalog

GUIDE = Path(__file__).parents[2] / "docs" / "rules.md"
STEP = re.compile(
    r"^<!-- (?P<file>draft\S+): (?P<how>[^\n]+) -->$(?:\n```(?:yaml|csv)\n(?P<body>.*?)\n```$)?"
    r"|^```console\n(?P<shell>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)
NEEDS_MORE = {"backtest", "snooze", "snoozes", "unsnooze"}
"""Not run here: a backtest wants a trained model, a snooze a known company and a date to come."""


def steps(edit: str) -> Iterator[re.Match[str]]:
    """The changes and shell blocks of one edit, in order."""
    text = GUIDE.read_text()
    found = re.search(rf"^### {edit}\. .*?(?=^##)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the guide has no edit {edit}"
    return STEP.finditer(found[0])


def put(file: Path, how: str, body: str) -> None:
    """Change a file as the text says; a quoted place has to stand there exactly once."""
    if how == "new":
        file.write_text(f"{body}\n")
        return
    text = file.read_text()
    if how == "at the end":
        file.write_text(f"{text}{body}\n")
        return
    told = re.fullmatch(r'(instead of|above|move (\w+) above) "(.*)"', how)
    assert told is not None, how
    verb, rule, place = told[1], told[2], told[3].replace("\\n", "\n")
    if rule is not None:
        moved = re.search(rf"  - id: {rule}\n(?: {{4}}.*\n)+\n", text)
        assert moved is not None, how
        body, text = moved[0].removesuffix("\n"), text.replace(moved[0], "")
    assert text.count(place) == 1, f"{file.name} holds {place!r} {text.count(place)} times"
    file.write_text(text.replace(place, body if verb == "instead of" else f"{body}\n{place}"))


def commands(shell: str) -> Iterator[tuple[list[str], str]]:
    """Command and what it prints, for each of a block."""
    for one in re.split(r"^\$ ", shell, flags=re.MULTILINE)[1:]:
        command, _, printed = one.partition("\n")
        words = shlex.split(command)
        if NEEDS_MORE.isdisjoint(words):
            yield words, printed.rstrip("\n")


def as_told(printed: str, told: str) -> bool:
    return re.fullmatch(re.escape(told).replace("…", ".*"), printed, re.DOTALL) is not None


@pytest.fixture
def desk(installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the guide works in: the shipped rules are in force."""
    engine = open_record(installation.record_db)
    life.publish(engine, read_catalog(None), "shipped", "", None, SystemClock().now(), "start")
    engine.dispose()
    folder = tmp_path / "desk"
    (folder / ".leadline").mkdir(parents=True)
    (folder / ".leadline" / "demo").symlink_to(installation.root.resolve())
    monkeypatch.chdir(folder)


@pytest.mark.parametrize("edit", [str(number) for number in range(1, 11)])
@pytest.mark.usefixtures("desk")
def test_an_edit_does_what_the_guide_says(
    edit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """People follow it word by word: a message or a count that changed has to change there too."""
    told_commands = 0
    for step in steps(edit):
        if step["file"] is not None:
            put(Path(step["file"]), step["how"], step["body"] or "")
            continue
        for words, told in commands(step["shell"]):
            if words[0] == "export":
                monkeypatch.setenv(*words[1].split("="))
                continue
            run(words[1:])
            printed = "".join(capsys.readouterr()).rstrip("\n")
            assert as_told(printed, told), f"$ {shlex.join(words)}\n{printed}\n--- told:\n{told}"
            told_commands += 1
    assert told_commands >= 3
