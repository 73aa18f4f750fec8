"""`leadline demo` as a person meets it: mistakes are one clear line, and nothing is left behind."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import run
from core.errors import StartError, WorkError
from core.installation import Installation
from demo.system import System, last_object
from serving.running.embedded import free_port


def test_a_port_in_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found before anything is made or started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = run(["demo", "--port", str(port), "--data", str(tmp_path / "demo")])
    told = capsys.readouterr().err
    assert code == 2
    assert told.count("\n") == 1
    assert str(port) in told
    assert not (tmp_path / "demo").exists()


def test_too_small_a_disk_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Told before the world is built, with what this many leads need."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=62_000_000))
    asked = ["demo", "--leads", "5000", "--port", str(free_port())]
    assert run([*asked, "--data", str(tmp_path / "demo")]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "62 MB are free" in told.err
    assert "800 are needed" in told.err


def test_what_stopped_the_system_is_told_with_all_its_problems(installation: Installation) -> None:
    """The fault stands before the advice: neither may be cut off."""
    installation.settings_file.write_text("api: {port: many}\nworker: {batch: none}\n")
    system = System(installation, free_port())
    try:
        system.start()
        with pytest.raises(StartError) as ended:
            system.await_ready()
    finally:
        system.stop()
    told = "\n".join(ended.value.lines())
    assert "worker.batch" in told
    assert str(installation.settings_file) in told
    assert "up.log" in told
    assert "[" not in told


def test_anybody_elses_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is emptied by a mistyped `--data`."""
    (tmp_path / "precious").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert run(["demo", "--port", str(port), "--data", str(tmp_path)]) == 2
    assert "was not made by" in capsys.readouterr().err
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize(
    "wrong", [["--difficulty", "hard"], ["--leads", "3"], ["--port", "0"], ["--seed", "x"]]
)
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong use is exit code 2 and says which option."""
    assert run(["demo", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def test_the_last_object_printed_is_read() -> None:
    """Commands may print other lines before; libraries like to."""
    assert last_object(b'warning: x\n{"a": 1}\n') == {"a": 1}
    assert last_object(b'{"a": 1}\n{\n  "b": {\n    "c": 2\n  }\n}\n') == {"b": {"c": 2}}


def test_no_object_printed_is_a_failure() -> None:
    """A command that ends well and says nothing did not do its work."""
    with pytest.raises(WorkError, match="printed no JSON"):
        last_object(b"all good\n")
