"""`leadline`: the one door for people. A table of names; a command is imported when it is run.

Exit codes: 0 done, 1 it did not work, 2 wrong use or definition, 130 interrupted. A user's mistake
never shows a traceback; a fault of ours leaves one in a file and says where.
"""

from __future__ import annotations

import sys

try:
    import difflib
    import importlib
    import os
    import tempfile
    import traceback
    from collections.abc import Sequence

    import click

    from core.errors import LeadlineError
except KeyboardInterrupt:  # Ctrl-C while it loads is as quiet as later on
    sys.exit(130)

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo.command:demo", "Run the whole job on a generated commercial world."),
    "up": ("serving.commands.up:up", "Run everything on this machine; Ctrl-C stops all cleanly."),
    "api": ("serving.commands.roles:api", "Run the api alone: accepts events, answers scores."),
    "worker": ("serving.commands.roles:worker", "Run the worker alone: events to signals."),
    "deliver": ("serving.commands.roles:deliver", "Run delivery alone: signals to destinations."),
    "keys": ("serving.commands.keys:keys", "Create, list, rotate and revoke API keys."),
    "failed": (
        "serving.commands.failed:failed",
        "List and show events that were refused, and why.",
    ),
    "import": (
        "serving.commands.imports:imports",
        "Import leads and outcomes from a CRM's export.",
    ),
    "rules": ("serving.commands.rules:rules", "Check, test, publish and follow the rules."),
    "features": ("serving.commands.features:features", "List the features; apply them to Feast."),
    "train": ("training.commands.train:train", "Train a model on the outcomes known so far."),
    "retrain": (
        "training.commands.retrain:retrain",
        "Train anew if it is time; promote it only if it is better.",
    ),
    "score": ("serving.commands.score:score", "Score a lead, or make a past answer again."),
    "models": ("training.commands.models:models", "List the trained models."),
    "compare": (
        "training.commands.compare:compare",
        "Compare two versions on leads that taught neither.",
    ),
    "promote": ("training.commands.models:promote", "Make a version the champion."),
    "rollback": ("training.commands.models:rollback", "Return to the champion before this one."),
    "experiment": (
        "training.commands.experiment:experiment",
        "Try a model or rules on a share of accounts; report, stop.",
    ),
    "doctor": ("serving.commands.doctor:doctor", "Check every dependency, setting and store."),
}
"""Name → where the click command lives, and its line in the help."""


class LazyGroup(click.Group):
    """Imports a command when it is run or its own help is asked; the overview needs none."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Raw B2B events in, routed and explained sales signals out."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code; what went wrong stands on stderr."""
    try:
        result = commands.main(list(arguments), prog_name="leadline", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except LeadlineError as trouble:
        click.echo("\n".join(trouble.lines()), err=True)
        return trouble.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except Exception as fault:  # noqa: BLE001  (the last place that can turn a fault into a line)
        return _tell_refusal(fault) or _tell_fault(fault)
    # Outside its standalone mode click returns the code of ctx.exit() instead of leaving with it.
    return result if isinstance(result, int) else 0


def _tell_refusal(fault: Exception) -> int:
    """A full disk, a locked record and the like; 0 when it was nothing of that kind."""
    from core.refusal import refusal

    refused = refusal(fault)
    if refused is None:
        return 0
    click.echo("\n".join(refused.lines()), err=True)
    return refused.exit_code


def _tell_fault(fault: Exception) -> int:
    """A fault of ours: one line, and a file for its repair. LEADLINE_DEBUG=1 shows it all."""
    told = "".join(traceback.format_exception(fault))
    if os.environ.get("LEADLINE_DEBUG") == "1":
        click.echo(told, err=True)
        return 1
    handle, path = tempfile.mkstemp(prefix="leadline-", suffix=".txt")
    with os.fdopen(handle, "w") as file:
        file.write(told)
    click.echo(
        f"this should not happen: {type(fault).__name__}: {fault} (traceback: {path})", err=True
    )
    return 1


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
