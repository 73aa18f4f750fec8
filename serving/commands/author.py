"""The option that says who edits: the name stands in the history for good."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

AUTHOR_VARIABLE = "LEADLINE_AUTHOR"


def author_option(command: F) -> F:
    """`--author NAME`, passed as `author: str`; else the environment's, else the account's name."""
    return click.option(
        "--author",
        envvar=AUTHOR_VARIABLE,
        default=_account,
        metavar="NAME",
        help=f"Who edits.  [default: {AUTHOR_VARIABLE}, else who you are on this machine]",
    )(command)


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user that nobody has named
        return "unknown"
