"""The option every command has: which installation it works on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from core.installation import Installation

F = TypeVar("F", bound=Callable[..., Any])


def data_option(default: str = ".leadline/default") -> Callable[[F], F]:
    """`--data DIR`, passed to the command as `installation: Installation`. No folder is made."""
    return click.option(
        "--data",
        "installation",
        metavar="DIR",
        default=default,
        show_default=True,
        callback=lambda _context, _option, value: Installation(Path(value)),
        help="The installation's folder.",
    )
