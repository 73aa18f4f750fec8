"""`leadline score`: where a lead stands now; or a score call of the past, made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from core.installation import Installation
from core.options import data_option, json_option

if TYPE_CHECKING:
    import sqlalchemy as sa

    from serving.score.replay import Replayed


@click.command()
@click.argument("lead", required=False)
@click.option(
    "--explain",
    type=click.Choice(["none", "short", "full"]),
    default="short",
    show_default=True,
    help="How much of the reasons is told.",
)
@click.option(
    "--replay",
    "call_id",
    metavar="ID",
    help="Make the answer of this score call again (its X-Leadline-Score-Id); exit code 1 if it "
    "differs.",
)
@data_option()
@json_option
@click.pass_context
def score(
    context: click.Context,
    lead: str | None,
    explain: str,
    call_id: str | None,
    installation: Installation,
    as_json: bool,
) -> None:
    """Score LEAD from the record: a lead id, an email, a CRM id, a user id or an anonymous id."""
    if (lead is None) == (call_id is None):
        raise click.UsageError("name a lead, or a score call with --replay; one of the two")
    from serving.commands.record import record_of

    engine = record_of(installation)
    try:
        if call_id is not None:
            context.exit(_replay(installation, engine, call_id, as_json=as_json))
        _tell(_now(installation, engine, str(lead), explain), as_json=as_json)
    finally:
        engine.dispose()


def _now(installation: Installation, engine: sa.Engine, lead: str, explain: str) -> dict[str, Any]:
    from core.clock import SystemClock
    from serving.why.ruling import ruling_now
    from serving.why.scene import scene_now, stand_in
    from signals.standing import Explain, answer

    scene = scene_now(installation, engine, lead, SystemClock().now())
    standing = stand_in(
        scene, ruling_now(installation, engine),
        strongest=explain == "short", contributions=explain == "full",
    )  # fmt: skip
    return answer(standing, msgspec.convert(explain, Explain))


def _tell(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    chance = told["propensity"]
    propensity = "no model" if chance is None else f"propensity {chance:.3f}"
    click.echo(f"lead {told['lead_id']}, account {told['account_id'] or 'unknown'}")
    click.echo(f"{told['band']}, priority {told['priority']}, {propensity}")
    for reason in told["reasons"]:
        click.echo(f"{reason['effect']:+8.1f}  {reason['text']}")
    model = told["model"]
    named = f", model {model['name']} {model['version']}" if model else ""
    click.echo(f"rules {told['rules']['version']}{named}")
    if told["degraded"]:
        click.echo(f"without: {', '.join(told['degraded'])}")


def _replay(installation: Installation, engine: sa.Engine, call_id: str, *, as_json: bool) -> int:
    from serving.score.replay import replay

    found = replay(installation, engine, call_id)
    if as_json:
        click.echo(msgspec.json.encode({"id": call_id, "leads": found}).decode())
    else:
        for one in found:
            _tell_replayed(one)
    return int(not all(one.equal for one in found))


def _tell_replayed(one: Replayed) -> None:
    word = "equal" if one.equal else "differs"
    rules, model = one.answer["rules"]["version"], one.answer["model"]
    named = f"model {model['version']} ({model['alias']})" if model else "no model"
    click.echo(f"{word}: lead {one.lead_id} as of {one.answer['as_of']}, rules {rules}, {named}")
    for name, (then, now) in one.differs.items():
        click.echo(f"  {name}: told {then!r}, comes out as {now!r}")
