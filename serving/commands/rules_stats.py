"""`leadline rules stats`: which rules hit, which are dead, and how the leads that they hit end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from serving.commands.record import record_of

if TYPE_CHECKING:
    from serving.rule_stats import Ends, RuleStats, Stats


@click.command()
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True)
@data_option()
@json_option
def stats(days: int, installation: Installation, as_json: bool) -> None:
    """Hits per rule on live traffic, and the win rate of past leads that it hits.

    A rule that was looked at and never hit in these days is dead.
    """
    from core.settings import load_settings
    from serving.rule_stats import stats as figures

    engine = record_of(installation)
    models = load_settings(installation.settings_file).models
    found = figures(installation, engine, models, SystemClock().now(), days)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: Stats) -> list[str]:
    wide = max(len(one.rule) for one in found.rules)
    head = f"{'looked at':>10}  {'hits':>8}  {'rate':>6}  {'last hit':16}  win rate"
    told = [f"{'rule':{wide}}  {head}"]
    told += [f"{one.rule:{wide}}  {_line(one)}".rstrip() for one in found.rules]
    told.append(f"version {found.version}, the last {found.days} days; {_since(found)}")
    if found.past is not None:
        told.append(f"of all leads whose end is known {_rate(found.past)} were won")
    dead = sum(one.dead for one in found.rules)
    return [*told, f"{dead} of {len(found.rules)} rules are dead: looked at, and never hit"]


def _line(one: RuleStats) -> str:
    rate = "" if one.hit_rate is None else f"{one.hit_rate:.1%}"
    last = (one.last_hit or ("dead" if one.dead else ""))[:16]
    past = "" if one.past is None else _rate(one.past)
    return f"{one.evaluated:>10,}  {one.hits:>8,}  {rate:>6}  {last:16}  {past}"


def _rate(ends: Ends) -> str:
    return "–" if ends.win_rate is None else f"{ends.win_rate:.1%} of {ends.leads:,}"


def _since(found: Stats) -> str:
    return f"counted from {found.counted_from}" if found.counted_from else "nothing counted yet"
