"""What proofs share: figures are shown while they run, not only when one fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def line(text: str) -> None:
        with capsys.disabled():
            print(text, flush=True)  # noqa: T201

    return line
