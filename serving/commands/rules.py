"""`leadline rules`: check a catalog and run its examples, before anybody publishes it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from core.clock import SystemClock
from core.errors import DefinitionError, Problem, WorkError
from core.options import json_option
from rules import Rulebook, catalog_digest, check_catalog, read_catalog, run_examples
from rules.review import warnings
from serving.commands.draft import draft_option
from serving.commands.rules_backtest import backtest
from serving.commands.rules_explain import explain, why_changed
from serving.commands.rules_publish import publish_rules, rollback
from serving.commands.rules_schema import schema
from serving.commands.rules_shadow import shadow
from serving.commands.rules_snooze import snooze, snoozes, unsnooze
from serving.commands.rules_stats import stats
from serving.commands.rules_versions import history, show, show_diff

_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    expose_value=False,
    help="Taken for the sake of the other commands: a draft is checked without an installation.",
)


@click.group()
def rules() -> None:
    """Rules: fit, intent, negative scoring, account qualification, priority, routing."""


@rules.command()
@draft_option
@_data
@json_option
def check(draft: Path | None, as_json: bool) -> None:
    """Find everything that is wrong with a catalog. Exit code 2 when there is something.

    Warnings are for the author to look at; they do not change the exit code.
    """
    files, rulebook = _load(draft, as_json)
    told = {"ok": True, "rules": len(rulebook.rules()), "digest": catalog_digest(files)}
    found = warnings(rulebook, SystemClock().now())
    if as_json:
        _print({**told, "problems": [], "warnings": found})
        return
    click.echo(f"{told['rules']} rules in {len(files)} files are right ({told['digest']})")
    for one in found:
        click.echo(f"  warning: {one}")


@rules.command()
@draft_option
@_data
@json_option
def test(draft: Path | None, as_json: bool) -> None:
    """Run the examples of all rules. Exit code 1 when one comes out otherwise than declared."""
    _, rulebook = _load(draft, as_json)
    tested = run_examples(rulebook)
    if as_json:
        _print({"ok": not tested.wrong, "examples": tested.examples, "problems": tested.wrong})
        if tested.wrong:
            raise click.exceptions.Exit(WorkError.exit_code)
    elif tested.wrong:
        raise WorkError(
            f"{len(tested.wrong)} of {tested.examples} examples come out otherwise than declared",
            do="correct the rule or its example, then run `leadline rules test` again",
            problems=tested.wrong,
        )
    else:
        click.echo(f"all {tested.examples} examples come out as declared")


def _load(draft: Path | None, as_json: bool) -> tuple[dict[str, str], Rulebook]:
    """The catalog, read and compiled. Wrong ones end here, with JSON on stdout if asked for."""
    try:
        files = read_catalog(draft)
        return files, check_catalog(files)
    except DefinitionError as wrong:
        if not as_json:
            raise
        problems: Sequence[Problem] = wrong.problems or (Problem("", wrong.detail),)
        _print({"ok": False, "problems": problems, "warnings": []})
        raise click.exceptions.Exit(wrong.exit_code) from wrong


def _print(told: dict[str, object]) -> None:
    click.echo(msgspec.json.encode(told).decode())


_LIFE = (publish_rules, rollback, history, show, show_diff, snooze, snoozes, unsnooze, stats)
for _command in (schema, backtest, shadow, explain, why_changed, *_LIFE):
    rules.add_command(_command)
