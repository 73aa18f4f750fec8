"""The shipped catalog, and small edits of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import DefinitionError
from rules import Rulebook, load_catalog, read_catalog

Edit = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def files() -> dict[str, str]:
    return read_catalog()


@pytest.fixture(scope="session")
def rulebook(files: dict[str, str]) -> Rulebook:
    return load_catalog(files)


@pytest.fixture(scope="session")
def edit(files: dict[str, str]) -> Edit:
    """edit("fit.yaml", old, new): the catalog with this one change."""

    def make(name: str, old: str, new: str) -> dict[str, str]:
        assert old in files[name]
        return {**files, name: files[name].replace(old, new, 1)}

    return make


@pytest.fixture(scope="session")
def problems() -> Callable[[dict[str, str]], list[str]]:
    """The problems of a catalog, as `file:line: message`; none when it is right."""

    def find(files: dict[str, str]) -> list[str]:
        try:
            load_catalog(files)
        except DefinitionError as wrong:
            return [str(problem) for problem in wrong.problems]
        return []

    return find
