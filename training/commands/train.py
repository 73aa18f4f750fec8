"""`leadline train`: a model from the outcomes known so far, registered and put in force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from core.clock import SystemClock
from core.installation import Installation
from core.options import data_option, json_option
from training.commands.installed import open_installed


@click.command()
@data_option()
@click.option(
    "--split",
    "split_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with crm_id,split (train, valid or test). Without it the newest accounts test.",
)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option(
    "--trials",
    type=click.IntRange(0),
    help="Other parameters of the trees to try; by default models.trials of the settings.",
)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--keep",
    multiple=True,
    metavar="COLUMN",
    help="A column or feature that stays although it looks like leakage; may be repeated.",
)
@click.option(
    "--drop-leaks/--stop-on-leaks",
    default=True,
    show_default=True,
    help="Leave columns out that look like leakage, or train nothing.",
)
@click.option(
    "--check-leakage",
    is_flag=True,
    help="Try to learn shuffled ends as well; train nothing if that works.",
)
@click.option("--no-promote", is_flag=True, help="Register it, but leave the champion.")
@json_option
def train(
    *,
    installation: Installation,
    split_file: Path | None,
    seed: int,
    trials: int | None,
    threads: int,
    keep: tuple[str, ...],
    drop_leaks: bool,
    check_leakage: bool,
    no_promote: bool,
    as_json: bool,
) -> None:
    """Train a model on the outcomes known so far."""
    # Imported here: LightGBM and scikit-learn are not needed to tell how to use the command.
    from training.order import Order
    from training.split import read_split
    from training.train import train

    installed = open_installed(installation)
    order = Order(
        now=SystemClock().now(),
        parts=read_split(split_file) if split_file else None,
        promote=not no_promote,
        seed=seed,
        threads=threads,
        trials=trials,
        keep=keep,
        drop_leaks=drop_leaks,
        check_leakage=check_leakage,
    )
    click.echo("training: label, read, fit, compare, publish, keep …", err=True)
    models = installed.settings.models
    told = train(installed.installation, installed.engine, models, order, _say)
    click.echo(msgspec.json.encode(told).decode() if as_json else _tell(told))


def _say(line: str) -> None:
    click.echo(line, err=True)


FIGURES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "brier": "Brier",
    "calibration_error": "calibration error",
}


def _tell(told: dict[str, Any]) -> str:
    test = told["test"]
    place = "champion" if told["promoted"] else "registered, not promoted"
    figures = ", ".join(
        f"{words} {test[name]:.3f}{_interval(test) if name == 'auc' else ''}"
        for name, words in FIGURES.items()
        if name in test
    )
    across = told["cross_validated"]
    folds = f"AUC {across['auc']:.3f}{_interval(across)}" if "auc" in across else "no figures"
    steps = ", ".join(f"{verb} {spent:g} s" for verb, spent in told["seconds"].items())
    return (
        f"{told['name']} version {told['version']} ({place}): {told['trees']} trees on "
        f"{told['features']} features\n"
        f"{test['rows']:.0f} test leads: {figures or 'no figures'}\n"
        f"{_open_then(told)}"
        f"{across['rows']:.0f} leads in folds by account, whatever their time: {folds}\n"
        f"{_baselines(told)}{_warning(told)}{steps}"
    )


def _open_then(told: dict[str, Any]) -> str:
    """Leads that are still open are the ones that get scored."""
    there, closed = told["test_open_then"], told["test_closed_by_then"]
    if not closed["rows"]:
        return ""
    if not there["rows"]:
        return "none of them was still open at its moment\n"
    order = f"AUC {there['auc']:.3f}{_interval(there)}, " if "auc" in there else ""
    return (
        f"{there['rows']:.0f} of them were still open at their moment: {order}"
        f"{there['won'] / there['rows']:.1%} were won, {there['told']:.1%} told, "
        f"calibration error {there['calibration_error']:.3f}\n"
    )


def _warning(told: dict[str, Any]) -> str:
    """Where a model came into force whose order may be chance."""
    there = told["test_open_then"]
    judged, whose = (there, "open test leads") if "auc" in there else (told["test"], "test leads")
    if not told["promoted"] or judged.get("auc_low", 0.0) > 0.5:
        return ""
    known = f"AUC {judged['auc']:.3f} on {whose}" if "auc" in judged else "untested"
    return (
        f"warning: it is in force, and not surely better than chance ({known}); "
        "`leadline rollback` takes it back, `leadline retrain` lets the gates decide\n"
    )


def _baselines(told: dict[str, Any]) -> str:
    """A line for each: its figures on the same leads, and how far the model is above it."""
    lines = []
    for name, less in told["differences"].items():
        figures, auc = told["baselines"][name], less["auc"]
        if auc["low"] is not None:
            lines.append(
                f"{name}: AUC {figures['auc']['value']:.3f}, average precision "
                f"{figures['average_precision']['value']:.3f}; the model's AUC is "
                f"{auc['value']:+.3f} ({auc['low']:+.3f} to {auc['high']:+.3f}) beside it\n"
            )
    if told["shuffled_auc"] is not None:
        lines.append(f"shuffled ends: AUC {told['shuffled_auc']:.3f}, as chance allows\n")
    return "".join(lines)


def _interval(figures: dict[str, float]) -> str:
    return f" ({figures['auc_low']:.3f} to {figures['auc_high']:.3f})"
