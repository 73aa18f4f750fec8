"""The published schemas: current, and of one mind with `leadline rules check`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

import rules.schema
from rules.facts import LEAD_FACTS, ROUTE_FACTS
from rules.files import SEGMENTS, SHEETS
from rules.language.operators import NAMES
from rules.language.reading import Reader
from rules.language.source import Node, read_yaml
from rules.schema import schema_files, schemas
from serving.commands.rules import rules as commands

Edit = Callable[[str, str, str], dict[str, str]]

FOLDER = Path(rules.schema.__file__).parent
SCHEMAS = schemas()
EXAMPLE = """
lists: {regions: [UK, NO], sizes: [1, 2.5]}
segments:
  here: {fact: region, op: in, value: {list: regions}}
  target_company: {all: [{segment: here}, {not: {fact: title, op: is_missing}}]}
"""


def plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {name: plain(one) for name, one in node.value.items()}
    return [plain(one) for one in node.value] if isinstance(node.value, list) else node.value


def refused(name: str, text: str) -> list[str]:
    node = read_yaml(text, Reader(name))
    assert node is not None
    schema = SCHEMAS[name.replace(".yaml", ".json")]
    return [error.message for error in Draft7Validator(schema).iter_errors(plain(node))]


def test_the_committed_files_are_current() -> None:
    """Run `leadline rules schema --out rules/schema` after a change of facts or of the language."""
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    assert committed == schema_files()


def test_each_file_of_a_catalog_has_a_sound_schema() -> None:
    """An editor is told of nothing that is no schema."""
    assert {*SCHEMAS} == {name.replace(".yaml", ".json") for name in (*SHEETS, SEGMENTS)}
    for schema in SCHEMAS.values():
        Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("name", [*SHEETS, SEGMENTS])
def test_the_shipped_catalog_is_valid_and_names_its_schema(
    files: dict[str, str], name: str
) -> None:
    """The first line is what editors look for; from the shipped folder it leads to the schema."""
    text = files.get(name, EXAMPLE)
    assert refused(name, text) == []
    if name in files:
        reference = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
        assert (FOLDER.parent / "catalog" / reference).resolve().is_file()


def test_an_editor_can_complete_facts_and_operators() -> None:
    """They stand in the schema by name; routing knows more facts."""
    fit, routing = (SCHEMAS[name]["definitions"] for name in ("fit.json", "routing.json"))
    assert fit["fact"]["enum"] == list(LEAD_FACTS)
    assert routing["fact"]["enum"] == list(ROUTE_FACTS)
    assert fit["condition"]["properties"]["op"]["enum"] == list(NAMES)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("fit.yaml", "points: 20", "pionts: 20"),
        ("fit.yaml", "points: 20", "points: -20"),
        ("fit.yaml", "points: 20", "points: 20.5"),
        ("fit.yaml", "id: work_email", "id: Work Email"),
        ("fit.yaml", "op: is, value: work", "op: iss, value: work"),
        ("fit.yaml", "op: is, value: work", "op: above, value: 3"),
        ("fit.yaml", "op: is, value: work", "op: is, value: 3"),
        ("fit.yaml", "op: is, value: work", "op: is"),
        ("fit.yaml", "op: is, value: work", "op: is_missing, value: work"),
        ("fit.yaml", "op: is, value: work", "op: in, value: work"),
        ("fit.yaml", "fact: email_kind,", "fact: email_kin,"),
        ("fit.yaml", "fact: email_kind,", "fact: band,"),
        ("fit.yaml", "{fact: email_kind, op: is, value: work}", "{all: []}"),
        ("fit.yaml", "{fact: email_kind, op: is, value: work}", "{}"),
        ("fit.yaml", "{region: UK}", "{regoin: UK}"),
        ("fit.yaml", "{region: UK}", "{region: 4}"),
        ("intent.yaml", "value: [1, 2]", "value: [1]"),
        ("negative.yaml", "points: -15", "points: 15"),
        ("priority.yaml", "lead.hot: 24h", "lead.hto: 24h"),
        ("priority.yaml", "lead.hot: 24h", "lead.hot: 24"),
        ("routing.yaml", '"webhook:crm"', "crm"),
        ("routing.yaml", "\ndefault:", "\nfallback:"),
    ],
)
def test_what_the_schema_refuses_the_check_refuses_too(
    edit: Edit, problems: Callable[[dict[str, str]], list[str]], file: str, old: str, new: str
) -> None:
    """An editor never marks as wrong what is right, and marks the common slips."""
    files = edit(file, old, new)
    assert refused(file, files[file])
    assert problems(files)


@pytest.mark.parametrize(
    "text",
    [
        "lists: {Regions: [UK]}",
        "lists: {regions: []}",
        "lists: {mixed: [UK, 1]}",
        "segments: {here: {fact: region, op: is}}",
        "segment: {}",
    ],
)
def test_a_wrong_segment_is_marked(
    files: dict[str, str], problems: Callable[[dict[str, str]], list[str]], text: str
) -> None:
    """The seventh file has a schema as well."""
    assert refused(SEGMENTS, text)
    assert problems({**files, SEGMENTS: text})


def test_the_command_prints_or_writes_them(tmp_path: Path) -> None:
    """For a draft anywhere: into `schema` beside its folder."""
    printed = CliRunner().invoke(commands, ["schema"])
    assert json.loads(printed.output) == SCHEMAS
    written = CliRunner().invoke(commands, ["schema", "--out", str(tmp_path / "schema")])
    assert written.exit_code == 0
    assert {path.name for path in (tmp_path / "schema").iterdir()} == {*SCHEMAS}
