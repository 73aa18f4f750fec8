"""A backtest in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signals.backtest.report import Change, Counted, Flip, Move, Part, Report

SHOWN = 20
"""Flips that are shown; JSON has them all."""

_MEASURES = {
    "precision_hot": "of hot leads won",
    "recall_hot": "of won leads hot",
    "precision_hot_or_warm": "of hot and warm leads won",
    "recall_hot_or_warm": "of won leads hot or warm",
    "lift_10": "lift of the best tenth",
}


def lines(report: Report) -> Iterator[str]:
    yield from _heading(report)
    yield ""
    yield f"{'band':8}{'before':>30}{'after':>30}{'difference of win rates':>38}"
    yield from _parts(report.bands)
    yield f"{'grade':8}"
    yield from _parts(report.grades)
    yield ""
    for name, words in _MEASURES.items():
        yield _measure(words, report.measures[name])
    yield ""
    yield f"suppressed: {_pair(report.suppressed.before, report.suppressed.after)}"
    yield from _moves("band", report.moves)
    yield from _moves("route", report.routes)
    yield from _loads(report)
    yield from _flips(report)
    yield from (f"note: {one}" for one in report.warnings)


def _heading(report: Report) -> Iterator[str]:
    window, told = report.window, report.propensities
    yield f"before: {report.before_version}   after: {report.after_version}"
    yield (
        f"{report.leads:,} leads of {report.accounts:,} accounts whose end became known from "
        f"{window.start[:10]} to {window.end[:10]}, {report.won:,} of them won;"
    )
    yield (
        f"each as it was known {window.moment_days} days after its creation, when "
        f"{report.closed_by_then.leads:,} had closed already"
    )
    model = "none" if told.model is None else f"{told.model} version {told.version}"
    counts = {"out of fold": told.out_of_fold, "held out": told.held_out, "without": told.none}
    sources = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    yield f"propensities of {model}: {sources}"


def _parts(parts: Mapping[str, Part]) -> Iterator[str]:
    for name, part in parts.items():
        before, after = _counted(part.before), _counted(part.after)
        yield f"{name:8}{before:>30}{after:>30}{_difference(part.change, 100):>38}"


def _counted(counted: Counted) -> str:
    if counted.win_rate is None or counted.interval is None:
        return f"{counted.leads:,} leads"
    low, high = counted.interval
    return f"{counted.leads:,} leads {counted.win_rate:.1%} ({low:.0%}–{high:.0%})"


def _difference(change: Change, scale: float) -> str:
    """In percentage points when `scale` is 100."""
    if change.difference is None:
        return ""
    unit = " points" if scale == 100 else ""
    told = f"{change.difference * scale:+.1f}{unit}"
    if change.difference_interval is None:
        return told
    low, high = (one * scale for one in change.difference_interval)
    return f"{told} ({low:+.1f} to {high:+.1f})"


def _measure(words: str, change: Change) -> str:
    if words.startswith("lift"):
        figures = [_or_none(one, "{:.2f} ×") for one in (change.before, change.after)]
        return f"{words:28}{figures[0]:>10} → {figures[1]:<10}{_difference(change, 1)}"
    figures = [_or_none(one, "{:.1%}") for one in (change.before, change.after)]
    return f"{words:28}{figures[0]:>10} → {figures[1]:<10}{_difference(change, 100)}"


def _or_none(figure: float | None, form: str) -> str:
    return "-" if figure is None else form.format(figure)


def _pair(before: Counted, after: Counted) -> str:
    return f"{before.leads:,} leads before ({before.won} won), {after.leads:,} after ({after.won})"


def _moves(kind: str, moves: tuple[Move, ...]) -> Iterator[str]:
    changed = [one for one in moves if one.before != one.after]
    if not changed:
        yield f"no lead changes its {kind}"
    for one in changed:
        was, now = one.before or "nobody told", one.after or "nobody told"
        yield f"{kind} {was} → {now}: {one.leads:,} leads, {one.won:,} won"


def _loads(report: Report) -> Iterator[str]:
    changed = [one for one in report.owners if one.before != one.after]
    for one in changed:
        within = _within(one.respond_within_s)
        yield f"{one.owner} (to answer in {within}): {one.before:,} → {one.after:,} hot leads"


def _within(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _flips(report: Report) -> Iterator[str]:
    if not report.flips_total:
        return
    yield ""
    yield f"{report.flips_total:,} leads change band or route; the first:"
    yield from (f"  {_flip(one)}" for one in report.flips[:SHOWN])


def _flip(one: Flip) -> str:
    ended = "won" if one.won else "not won"
    causes = [
        cause.id if cause.effect is None else f"{cause.id} {cause.effect:+g}"
        for cause in one.because
    ]
    route = ""
    if one.route_before != one.route_after:
        route = f", {one.route_before or 'nobody'} → {one.route_after or 'nobody'}"
    return (
        f"{one.crm_id} {one.lead_id}  {one.band_before} {one.priority_before:g} → "
        f"{one.band_after} {one.priority_after:g}{route}  {ended}: {', '.join(causes)}"
    )
