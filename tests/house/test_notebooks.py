"""Notebooks as they are stored: no outputs, and nothing in them that a package keeps to itself."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    """Outputs hold people and their leads, and make every difference unreadable."""
    cells = code_cells(path)
    assert cells
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_public_functions_only(path: Path) -> None:
    """What begins with an underscore may change without a word."""
    code = "\n".join("".join(cell["source"]) + "\n" for cell in code_cells(path))
    names = {
        name
        for node in ast.walk(ast.parse(code))
        for name in (
            [node.attr] if isinstance(node, ast.Attribute)
            else [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom)
            else []
        )
    }  # fmt: skip
    assert not {name for name in names if name.startswith("_")}


def test_no_notebook_makes_a_refused_version_the_challenger() -> None:
    """It would take the alias from the version that the gates had chosen."""
    [path] = [one for one in NOTEBOOKS if one.stem == "02_train"]
    cells = ["".join(cell["source"]) for cell in code_cells(path)]
    [cell] = [one for one in cells if "registry.challenge(" in one]
    [choice] = [node for node in ast.parse(cell).body if isinstance(node, ast.If)]
    assert ast.unparse(choice.test) == "verdict.decision is not Decision.REFUSED"
    assert "registry.challenge(" in ast.unparse(choice.body[0])
