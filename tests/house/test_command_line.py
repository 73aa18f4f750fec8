"""`leadline` as a person meets it: quick help, plain refusals, exit codes."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli
from core.errors import Problem, StartError, WorkError

ROOT = Path(__file__).parents[2]
HEAVY = {"feast", "mlflow", "pandas", "lightgbm", "bentoml", "sklearn", "pyarrow", "duckdb"}


def loaded_by(code: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has imported after `code`."""
    ask = f"{code}\nimport sys\nprint(sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(ast.literal_eval(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["no-such-command"], ["up", "--port", "none"], ["keys", "--no-such-option"]],
)
def test_help_and_usage_errors_import_nothing_heavy(arguments: list[str]) -> None:
    """They must answer in half a second, and these libraries cost seconds each."""
    assert loaded_by(f"import cli\ncli.run({arguments!r})") == set()


@pytest.mark.parametrize(
    "module", ["rules", "events.identity.matcher", "features.definitions", "core.settings"]
)
def test_definitions_rules_and_identity_import_nothing_heavy(module: str) -> None:
    """Checking a rule file, or reading a definition, must not wait for Feast or MLflow."""
    assert loaded_by(f"import {module}") == set()


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_exists_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table of commands is text: a name that leads nowhere would show only when it is used."""
    assert cli.run([name, "--help"]) == 0
    assert "Usage: leadline" in capsys.readouterr().out


def leaves(command: click.Command) -> list[click.Command]:
    if isinstance(command, click.Group):
        return [leaf for sub in command.commands.values() for leaf in leaves(sub)]
    return [command]


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_names_its_installation_the_same_way(name: str) -> None:
    """`--data DIR` means the same everywhere; only rules are checked without an installation."""
    module, attribute = cli.COMMANDS[name][0].split(":")
    without = [
        leaf.name
        for leaf in leaves(getattr(importlib.import_module(module), attribute))
        if not any("--data" in parameter.opts for parameter in leaf.params)
    ]

    assert without == []


def test_a_mistyped_command_is_answered_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2 is wrong use, for scripts; the hint is for people."""
    assert cli.run(["deom"]) == 2
    assert "Did you mean 'demo'?" in capsys.readouterr().err


def failing(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise problem

    monkeypatch.setattr(cli.commands, "main", fail)


@pytest.mark.parametrize(("problem", "code"), [(StartError, 2), (WorkError, 1)])
def test_our_errors_become_lines_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: type[StartError] | type[WorkError],
    code: int,
) -> None:
    """What is wrong, every problem, what to do: and never a traceback."""
    failing(monkeypatch, problem("no room", do="make some", problems=[Problem("disk", "full")]))

    assert cli.run([]) == code
    assert capsys.readouterr().err == "no room\n  disk: full\nmake some\n"


def test_an_interrupt_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C is a wish, not a fault; 130 is what shells expect of it."""
    failing(monkeypatch, KeyboardInterrupt())

    assert cli.run([]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("library", ["click", "msgspec", "difflib"])
def test_an_interrupt_while_it_loads_is_quiet_too(library: str) -> None:
    """Loading takes a tenth of a second, and whoever mistyped is quick with Ctrl-C."""
    code = f"""
import sys
class Interrupted:
    def find_spec(self, name, path, target=None):
        if name == {library!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
import cli
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_a_fault_of_ours_leaves_its_traceback_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """One line for the person, the rest for whoever repairs it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    failing(monkeypatch, ZeroDivisionError("division by zero"))

    assert cli.run([]) == 1

    (file,) = tmp_path.iterdir()
    line = f"this should not happen: ZeroDivisionError: division by zero (traceback: {file})\n"
    assert capsys.readouterr().err == line
    assert "Traceback (most recent call last)" in file.read_text()


def test_the_traceback_is_shown_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """LEADLINE_DEBUG=1 is for those who repair it at once."""
    monkeypatch.setenv("LEADLINE_DEBUG", "1")
    failing(monkeypatch, ZeroDivisionError("division by zero"))

    assert cli.run([]) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err
