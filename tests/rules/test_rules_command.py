"""`leadline rules check` and `test`: exit codes and what they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.errors import DefinitionError, WorkError
from serving.commands.rules import rules

Edit = Callable[[str, str, str], dict[str, str]]


@pytest.fixture
def draft(tmp_path: Path, files: dict[str, str]) -> Path:
    return write(tmp_path, files)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run(*args: str) -> tuple[int, str, BaseException | None]:
    result = CliRunner().invoke(rules, args)
    return result.exit_code, result.output, result.exception


def test_the_shipped_catalog_is_right() -> None:
    """What is installed is in force without anybody's help."""
    assert run("check")[0] == 0
    assert run("test")[0] == 0


def test_json_has_a_fixed_shape(draft: Path) -> None:
    """Scripts in CI read it."""
    code, out, _ = run("check", "--draft", str(draft), "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["problems"]) == (0, True, [])
    assert set(told) == {"ok", "rules", "digest", "problems", "warnings"}
    told = json.loads(run("test", "--draft", str(draft), "--json")[1])
    assert set(told) == {"ok", "examples", "problems"}


def test_a_broken_draft_ends_with_two(tmp_path: Path, edit: Edit) -> None:
    """2 is a wrong definition: for people an error with all problems, for scripts JSON."""
    draft = write(tmp_path, edit("fit.yaml", "points: 20", "pionts: 20"))
    for command in ("check", "test"):
        _, _, error = run(command, "--draft", str(draft))
        assert isinstance(error, DefinitionError)
        assert error.exit_code == 2
        code, out, _ = run(command, "--draft", str(draft), "--json")
        assert code == 2
        assert json.loads(out)["problems"][0]["path"].startswith("fit.yaml:")


def test_a_wrong_example_ends_with_one(tmp_path: Path, edit: Edit) -> None:
    """1 is “rightly asked, and did not work”: the definition is sound, its example is not."""
    draft = write(tmp_path, edit("fit.yaml", "{list: target_regions}", "[US]"))
    assert run("check", "--draft", str(draft))[0] == 0
    error = run("test", "--draft", str(draft))[2]
    assert isinstance(error, WorkError)
    assert error.exit_code == 1
    code, out, _ = run("test", "--draft", str(draft), "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
