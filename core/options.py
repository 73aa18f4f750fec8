"""The options that commands share: which installation, and JSON instead of lines."""

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


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""Passed to the command as `as_json: bool`."""
