"""`leadline rules explain` and `why-changed`: why a lead stands where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import DAY, HOUR, MINUTE, SystemClock, from_iso
from core.installation import Installation
from core.options import data_option, json_option

if TYPE_CHECKING:
    import sqlalchemy as sa

    from serving.why.explain import Explanation

_AGO = re.compile(r"(\d{1,6})(min|h|d)")
_UNITS = {"min": MINUTE, "h": HOUR, "d": DAY}


class Past(click.ParamType[int]):
    """A past moment, as microseconds, UTC: ISO 8601 (without a zone it is UTC), or `7d` ago."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        now, told = SystemClock().now(), str(value)
        if ago := _AGO.fullmatch(told):
            moment = now - int(ago[1]) * _UNITS[ago[2]]
        else:
            try:
                moment = from_iso(told)
            except (ValueError, OverflowError):
                self.fail(f"{told[:40]!r} is neither ISO 8601 nor such as `7d`, `12h`", param, ctx)
        if not 0 < moment <= now:
            self.fail(f"{told[:40]!r} lies not in the past", param, ctx)
        return moment


@click.command()
@click.argument("lead")
@click.option("--at", type=Past(), help="As of then, as was known then: ISO 8601 or `7d`.")
@click.option(
    "--version",
    type=click.IntRange(0),
    help="Under these rules; else under those in force then.",
)
@click.option("--all", "everything", is_flag=True, help="Show rules that missed as well.")
@data_option()
@json_option
def explain(
    lead: str,
    at: int | None,
    version: int | None,
    everything: bool,
    installation: Installation,
    as_json: bool,
) -> None:
    """Show every rule that hit LEAD or nearly did, with the values it read.

    LEAD is a lead id, an email, a CRM id or a user id.
    """
    from serving.commands.record import record_of

    engine = record_of(installation)
    try:
        told = _explain(installation, engine, lead, at, version)
    finally:
        engine.dispose()
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    from serving.why.tree import lines

    click.echo("\n".join(lines(told, everything=everything)))


def _explain(
    installation: Installation, engine: sa.Engine, lead: str, at: int | None, version: int | None
) -> Explanation:
    from serving.why.explain import explain_now, explain_then

    if at is None:
        return explain_now(installation, engine, lead, SystemClock().now(), version)
    return explain_then(installation, engine, lead, at, version)


@click.command("why-changed")
@click.argument("lead")
@click.option("--since", type=Past(), required=True, help="ISO 8601, or `7d`, `12h`, `30min` ago.")
@data_option()
@json_option
def why_changed(lead: str, since: int, installation: Installation, as_json: bool) -> None:
    """Show what moved the priority of LEAD since then: time, events, profile, rules, model.

    The shares add up to the difference (Shapley values).
    """
    from serving.commands.record import record_of
    from serving.why.story import lines
    from serving.why.why_changed import why_changed

    engine = record_of(installation)
    try:
        story = why_changed(installation, engine, lead, since, SystemClock().now())
    finally:
        engine.dispose()
    click.echo(msgspec.json.encode(story).decode() if as_json else "\n".join(lines(story)))
