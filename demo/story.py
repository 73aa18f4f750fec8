"""The first visitor's way and the summary, told in a few lines."""

from __future__ import annotations

from collections.abc import Callable

from demo.figures import Figures, Model
from demo.known import Fields
from demo.walk import PAGES, Visit

Tell = Callable[[str], None]


def tell_visit(visit: Visit, tell: Tell) -> None:
    """Score before and after, the merge, the signal with owner and reasons, the time it took."""
    who, route = visit.visitor, visit.signal["data"]["route"]
    company = who.company
    tell(f"  the CRM knows  {who.email}: {_standing(visit.contact)}")
    tell(f"  unknown browser views {', '.join(PAGES)}: {_standing(visit.unknown)}")
    tell(f"  sends the form: VP Finance at {company['name']} ({company['employee_band']} people)")
    tell(f"  merge          {_merged(visit)}")
    tell(f"  after          {_standing(visit.after)}")
    tell(f"  signal         {visit.signal['type']} to {route['owner']} by rule {route['rule']}")
    for reason in visit.signal["data"]["score"]["reasons"]:
        tell(f"    {reason['effect']:+6.1f}  {reason['text']}")
    tell(f"  event to signal: {visit.milliseconds:.0f} ms")


def _standing(score: Fields) -> str:
    propensity = score["propensity"]
    chance = "no model" if propensity is None else f"propensity {propensity:.2f}"
    return f"priority {score['priority']:.0f} ({score['band']}), {chance}, lead {score['lead_id']}"


def _merged(visit: Visit) -> str:
    after = visit.after["lead_id"]
    absorbed = {visit.unknown["lead_id"], visit.contact["lead_id"]} - {after}
    return f"{', '.join(sorted(absorbed)) or 'none'} → {after}"


def tell_figures(figures: Figures, tell: Tell) -> None:
    model, signal, score = figures.model, figures.event_to_signal_ms, figures.score_ms
    tell("")
    tell(f"  events       {figures.events_posted:,} posted, {figures.events_accepted:,} accepted, "
         f"{figures.events_failed:,} failed")  # fmt: skip
    tell(f"  page views   {figures.page_views_counted:,} counted over {figures.leads:,} leads "
         f"at {figures.accounts:,} accounts")  # fmt: skip
    tell(f"  model        {model.name} {model.version}: AUC {_figure(model.auc)} "
         f"(flat baseline {_figure(model.baseline_auc)}), average precision "
         f"{_figure(model.average_precision)} ({_figure(model.baseline_average_precision)}), "
         f"Brier {_figure(model.brier)} ({_figure(model.baseline_brier)})")  # fmt: skip
    _tell_shortfall(model, tell)
    tell(f"  signals      {figures.signals}; event to signal p50 {signal.p50:.0f} ms, "
         f"p99 {signal.p99:.0f} ms")  # fmt: skip
    tell(f"  Slack        {figures.slack_messages} messages arrived, {figures.slack_waiting} still "
         "wait: a channel takes one a second")  # fmt: skip
    tell(f"  score call   p50 {score.p50:.1f} ms, p99 {score.p99:.1f} ms")
    tell(f"  peak memory  {figures.peak_memory_mib:,.0f} MiB; {figures.seconds:.0f} s in all")
    tell("")


def _tell_shortfall(model: Model, tell: Tell) -> None:
    """By how much the baseline was better, if it was, and what one world can say about it."""
    if model.auc is None or model.baseline_auc is None or model.auc >= model.baseline_auc:
        return
    short = model.baseline_auc - model.auc
    tell(f"               AUC is {short:.3f} below the flat baseline's; on one world of 750 test "
         "leads such a difference has a paired standard error of 0.02 to 0.03: docs/proofs.md has "
         "the mean over six worlds")  # fmt: skip


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"
