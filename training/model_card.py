"""The model card: what a person should know of a version before it serves, in Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from core.clock import to_iso
from scoring.card import Card
from training.bootstrap import Figure
from training.evaluation import Evaluation, Part
from training.weighted import METRICS

CARD_FILE = "card.md"
JSON_FILE = "card.json"
LEADS_FILE = "leads.txt"
_WORDS = {
    "auc": "AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_error": "calibration error",
    "lift_10": "lift of the best tenth",
    "revenue_10": "revenue in the best tenth",
}


class Lessons(msgspec.Struct, frozen=True):
    """What the model was taught with. Times in microseconds, UTC."""

    leads: int
    examples: int
    won: int
    """Leads, not examples."""
    first_created_at: int
    last_created_at: int
    fingerprint: str
    """SHA-256 of matrix, ends, weights and groups: the same one, the same lessons."""
    calibrated_on: str
    calibration: str
    calibration_losses: dict[str, float]
    parameters: dict[str, str | int | float | bool | list[int]]
    trials: int
    changed: tuple[str, ...]
    """Parameters that the search found clearly better."""


class ModelCard(msgspec.Struct, frozen=True):
    """`caveats`: sentences. `evaluation` is None without a test lead."""

    card: Card
    lessons: Lessons
    evaluation: Evaluation | None
    caveats: tuple[str, ...]


def write_model_card(folder: Path, told: ModelCard, leads: Sequence[str]) -> None:
    """`card.md`, `card.json`, and `leads.txt` with the id of each lead that taught, so that an
    erasure can name the models that learnt from it.
    """
    text = "\n".join(_lines(told)) + "\n"
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    (folder / JSON_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1))
    (folder / LEADS_FILE).write_text("".join(f"{one}\n" for one in sorted(set(leads))))


def _lines(told: ModelCard) -> Iterator[str]:
    card, lessons = told.card, told.lessons
    yield f"# {card.name}, trained {to_iso(card.trained_at)}"
    yield ""
    yield from _lessons(lessons)
    if card.taught:
        what = ", ".join(f"{name}: {value}" for name, value in card.taught.label.items())
        yield f"- Label ({card.taught.label_fingerprint}): {what}"
        for leak in card.taught.left_out:
            yield f"- Left out as leakage: {leak.title} (AUC {leak.auc}): {'; '.join(leak.reasons)}"
    yield f"- Features: {len(card.inputs)}, definitions {card.features_digest}"
    yield f"- Trees: SHA-256 {card.trees_sha256}; card: {card.digest}"
    yield ""
    if told.evaluation is not None:
        yield from _evaluation(told.evaluation)
    yield "## Caveats"
    yield ""
    yield from (f"- {one}" for one in told.caveats)


def _lessons(lessons: Lessons) -> Iterator[str]:
    first, last = to_iso(lessons.first_created_at)[:10], to_iso(lessons.last_created_at)[:10]
    yield (
        f"- Taught with {lessons.leads:,} leads created {first} to {last}, {lessons.won:,} of them "
        f"won, {lessons.examples:,} examples; fingerprint {lessons.fingerprint}"
    )
    losses = ", ".join(f"{kind} {loss:.4f}" for kind, loss in lessons.calibration_losses.items())
    where = f"{lessons.calibration}, {lessons.calibrated_on}"
    yield f"- Calibration: {where}; log loss on folds: {losses}"
    changed = ", ".join(lessons.changed) or "nothing was clearly better than the standing ones"
    yield f"- Search: {lessons.trials} trials of other parameters; {changed}"


def _evaluation(told: Evaluation) -> Iterator[str]:
    yield f"## {told.rows:,} test leads of {told.accounts:,} accounts, {told.won:,} won"
    yield ""
    first, last = to_iso(told.first_moment)[:10], to_iso(told.last_moment)[:10]
    yield f"Looked at as they were known at their moments, {first} to {last}."
    yield "95 % intervals by account in brackets; `model − x` is paired on the same leads."
    yield ""
    heads = [*told.models, *(f"model − {name}" for name in told.differences)]
    yield "| | " + " | ".join(heads) + " |"
    yield "|---" * (len(heads) + 1) + "|"
    for metric in METRICS:
        every = (*told.models.values(), *told.differences.values())
        cells = (_cell(figures[metric]) for figures in every)
        yield f"| {_WORDS[metric]} | " + " | ".join(cells) + " |"
    yield ""
    if told.worst_gap_by_chance is not None:
        yield (
            f"So few leads give exact propensities a calibration error of up to "
            f"{told.worst_gap_by_chance:.3f} by chance alone (95 of 100 times)."
        )
        yield ""
    yield from _open_then(told)
    for title, parts in (("Bands", told.bands), ("Months", told.months), ("Slices", told.slices)):
        yield from _table(title, parts)


def _open_then(told: Evaluation) -> Iterator[str]:
    """Nothing where all were open: the figures of all are theirs."""
    there = told.open_then
    if there is None or there.rows == told.rows:
        return
    yield f"## The {there.rows:,} of them that were still open, {there.won:,} won"
    yield ""
    yield (
        f"The others had closed by their moment, and nobody scores them any more. Of these "
        f"{there.won / there.rows:.1%} were won, and {there.told:.1%} was told. Exact propensities "
        f"would have a calibration error of up to {there.worst_gap_by_chance:.3f} by chance."
    )
    yield ""
    yield "| | " + " | ".join(there.models) + " |"
    yield "|---" * (len(there.models) + 1) + "|"
    for metric in METRICS:
        cells = (_cell(figures[metric]) for figures in there.models.values())
        yield f"| {_WORDS[metric]} | " + " | ".join(cells) + " |"
    yield ""


def _cell(figure: Figure) -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _table(title: str, parts: Sequence[Part]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield "| | leads | won | win rate | mean propensity | AUC |"
    yield "|---|---|---|---|---|---|"
    for one in parts:
        rate = f"{one.win_rate:.1%} ({one.low:.1%} to {one.high:.1%})"
        auc = "–" if one.auc is None else f"{one.auc:.3f} ({one.auc_low:.3f} to {one.auc_high:.3f})"
        counts = f"{one.rows:,} | {one.won:,}"
        yield f"| {one.by} {one.name} | {counts} | {rate} | {one.told:.1%} | {auc} |"
    yield ""
