"""`leadline features health`: freshness, missing values and drift, feature by feature."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.installation import Installation
from core.options import data_option, json_option

if TYPE_CHECKING:
    from features.health import Report


@click.command()
@click.option(
    "--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw it into this PNG file."
)
@data_option()
@json_option
def health(plot: Path | None, installation: Installation, as_json: bool) -> None:
    """How fresh each feature is, how often it is missing, how far it moved since training.

    Drift is the population stability index against the training set of the model in force: below
    0.1 none, above 0.25 much.
    """
    import msgspec

    report = _look(installation)
    if plot is not None:
        from features.health_plot import draw

        draw(plot, report.features, _judged_by(report))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    _tell(report)
    if plot is not None:
        click.echo(f"drawn into {plot}")


_OTHER_AGES = (
    "\nthese leads are of other ages than those taught on (see lead_age_days): counts and times\n"
    "move with age, so drift is no sign of another population until the ages are alike"
)


def _look(installation: Installation) -> Report:
    from core.clock import SystemClock
    from core.connections import existing_record
    from core.settings import load_settings
    from features.health import look

    engine = existing_record(installation, load_settings(installation.settings_file))
    try:
        return look(engine, installation, SystemClock().now())
    finally:
        engine.dispose()


def _judged_by(report: Report) -> str:
    from features.health import ages_differ

    sample = f"{report.vectors:,} {report.source} vectors"
    if report.taught_on is None:
        missing = "no model is in force" if report.model is None else "it has no profile.json"
        return f"{sample}; drift unknown: {report.model or ''} {missing}".replace("  ", " ")
    told = f"{sample} against the {report.taught_on:,} that {report.model} was taught on"
    if report.compared is not None:
        told += f" at their age ({report.compared:,} are near an age that was taught)"
    return f"{told}{_OTHER_AGES}" if ages_differ(report.features) else told


def _tell(report: Report) -> None:
    """The features that moved most come first."""
    click.echo(_judged_by(report))
    click.echo(f"{'feature':34} {'PSI':>7}  {'drift':7}  {'missing':>7}  newest row")
    for one in sorted(report.features, key=lambda one: -(one.psi or 0.0)):
        moved = "" if one.psi is None else f"{one.psi:.3f}"
        told = f"{one.name:34} {moved:>7}  {one.drift:7}  {one.null_rate:>7.1%}  {_age(one.age_s)}"
        click.echo(told)


def _age(seconds: float | None) -> str:
    """In the largest unit of which there is more than one."""
    if seconds is None:
        return "none that fills it"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds > 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
