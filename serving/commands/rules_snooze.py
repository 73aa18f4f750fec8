"""`leadline rules snooze`, `snoozes` and `unsnooze`: a rule passed over for one account."""

from __future__ import annotations

import click
import msgspec

from core.clock import SystemClock, to_iso
from core.errors import NotFound
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.author import author_option
from serving.commands.record import record_of

_account = click.option(
    "--account", required=True, metavar="ID", help="Account id, domain or group id."
)


@click.command()
@click.argument("rule")
@_account
@click.option("--until", required=True, metavar="DATE", help="ISO date (all of it, UTC) or time.")
@click.option("--note", default="", metavar="TEXT", help="Why.")
@author_option
@data_option()
def snooze(
    rule: str, account: str, until: str, note: str, author: str, installation: Installation
) -> None:
    """Pass RULE over for one account until a date. In force within two seconds."""
    from rules.life import snoozes as life
    from serving.snoozing import named

    engine = record_of(installation)
    account_id, end = named(engine, rule, account, until)
    life.add(engine, rule, account_id, end, author, note, SystemClock().now())
    click.echo(f"`{rule}` counts for nothing at {account} ({account_id}) until {to_iso(end)}")


@click.command()
@click.argument("rule")
@_account
@author_option
@data_option()
def unsnooze(rule: str, account: str, author: str, installation: Installation) -> None:
    """Let RULE count again for an account, before its date."""
    from rules.life import snoozes as life
    from serving.snoozing import account_of

    engine = record_of(installation)
    account_id = account_of(engine, account)
    if account_id is None:
        raise NotFound(f"no account is known by {account!r}", do="`leadline rules snoozes`")
    life.end(engine, rule, account_id, author, SystemClock().now())
    click.echo(f"`{rule}` counts again at {account} ({account_id})")


@click.command()
@data_option()
@json_option
def snoozes(installation: Installation, as_json: bool) -> None:
    """The snoozes that run; the next to end first."""
    from rules.life import snoozes as life

    found = life.running(record_of(installation), SystemClock().now())
    if as_json:
        click.echo(msgspec.json.encode([life.told(one) for one in found]).decode())
        return
    for one in found:
        click.echo(
            f"{one.rule:24}  {one.account_id}  until {to_iso(one.until)[:16]}"
            f"  {one.author}  {one.note}"
        )
    if not found:
        click.echo("no rule is snoozed")
