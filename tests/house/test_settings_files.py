"""The settings files that people copy from."""

from pathlib import Path

import pytest
import yaml

from core.errors import DefinitionError
from core.settings import Settings, load_settings

CONFIG = Path(__file__).parents[2] / "config"


def test_the_reference_names_every_key_with_its_default() -> None:
    """A key that is missing there, or shown with another default, sends operators astray."""
    told = yaml.safe_load((CONFIG / "reference.yaml").read_text())

    assert told == Settings().model_dump(mode="json")


def test_the_reference_explains_every_key_on_its_own_line() -> None:
    """A bare key is no reference; only the parts of a destination share their comment."""
    lines = (CONFIG / "reference.yaml").read_text().splitlines()
    keys = [line for line in lines if line.startswith("  ") and not line.startswith("      ")]

    assert [line for line in keys if "#" not in line] == []


@pytest.mark.parametrize("name", ["minimal.yaml", "reference.yaml"])
def test_the_files_load_as_they_are(name: str) -> None:
    """Whoever starts from one of them gets the defaults and no complaint."""
    assert load_settings(CONFIG / name) == Settings()


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    """An operator who repairs one key a start loses patience before the last."""
    file = tmp_path / "leadline.yaml"
    file.write_text("api: {porrt: 1, port: 99999}\nsignal: {}\n")

    with pytest.raises(DefinitionError) as refused:
        load_settings(file)

    assert {problem.path for problem in refused.value.problems} == {
        "api.porrt",
        "api.port",
        "signal",
    }


def test_an_unknown_section_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error there would otherwise leave the default in force without a word."""
    monkeypatch.setenv("LEADLINE__REDDIS__URL", "redis://:secret@example.test/0")

    with pytest.raises(DefinitionError) as refused:
        load_settings(None)

    assert [problem.path for problem in refused.value.problems] == ["LEADLINE__REDDIS__URL"]
    assert "secret" not in "\n".join(refused.value.lines())


@pytest.mark.parametrize("content", [b"api: [", b"- a list", b"\x00", b"\xff\xfe"])
def test_an_unreadable_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """Broken YAML is the operator's mistake: a line, not a traceback."""
    file = tmp_path / "leadline.yaml"
    file.write_bytes(content)

    with pytest.raises(DefinitionError, match=r"leadline\.yaml"):
        load_settings(file)


def test_environment_stands_above_file_above_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is promised in the reference; a container sets only variables."""
    file = tmp_path / "leadline.yaml"
    file.write_text("api: {port: 3100, max_batch: 10}\n")
    monkeypatch.setenv("LEADLINE__API__PORT", "3200")

    settings = load_settings(file)

    assert (settings.api.port, settings.api.max_batch, settings.api.host) == (3200, 10, "127.0.0.1")


def test_a_command_line_option_stands_above_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--port` overrides one key and leaves its neighbours in the file alone."""
    file = tmp_path / "leadline.yaml"
    file.write_text("api: {host: 127.0.0.2}\n")
    monkeypatch.setenv("LEADLINE__API__PORT", "3200")

    settings = load_settings(file, api={"port": 3300})

    assert (settings.api.host, settings.api.port) == ("127.0.0.2", 3300)


def test_secrets_are_not_printed() -> None:
    """Settings end up in logs and bug reports."""
    settings = load_settings(None, redis={"url": "redis://:hush@localhost/0"})

    assert "hush" not in f"{settings!r} {settings}"
