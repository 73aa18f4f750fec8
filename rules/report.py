"""What the rule layer answers: a report for each lead, and a route for each signal."""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.facts import Facts
from rules.language.wording import Fill
from rules.pool import Pool

HitGroup = Literal["fit", "intent", "negative", "suppress", "account"]


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A rule that held. Leads for whom it added as much share one."""

    id: str
    group: HitGroup
    """The purpose of the file that the rule stands in."""
    said: str | Fill
    """The text, or what makes it of a lead's facts: see `RuleReport.text`."""
    points: float
    """What it added after its group's cap, so that the hits of a purpose add up to its points.
    Negative takes points away; 0 for suppressions and account rules."""


class RuleReport(msgspec.Struct, frozen=True):
    """What people's rules say about one lead at one moment."""

    fit_points: int
    """0–100: how well company and person match the ideal customer."""
    grade: str
    """A–D, from the fit points."""
    intent_points: float
    """0–100: how much they lately did that buyers do."""
    negative_points: float
    """≤ 0: points taken away."""
    suppressed: bool
    """No signal may be sent, whatever the points."""
    by: tuple[str, ...]
    """Ids of the rules that suppress."""
    mqa: bool
    """The account is marketing-qualified: several of its people show intent."""
    hits: tuple[Hit, ...]
    failed: tuple[str, ...]
    """Ids of rules that raised; they counted as missing."""
    snoozed: tuple[str, ...] = ()
    """Ids of rules that were passed over for this lead's account."""
    facts: Facts | None = None
    """What the texts are filled from: most texts of a batch are never asked for."""

    def text(self, hit: Hit) -> str:
        """For a seller, with the lead's own values filled in; the id where one cannot be told."""
        if isinstance(hit.said, str):
            return hit.said
        try:
            return hit.said(self.facts or {})
        except Exception:  # noqa: BLE001 - one odd value must never cost a lead its reasons
            return hit.id


class Route(msgspec.Struct, frozen=True):
    """Who is told of a signal, where, and how soon they should answer."""

    rule: str
    owner: str
    destinations: tuple[str, ...]
    """`console` or `kind:name`, such as `slack:#hot-leads`."""
    respond_within_s: int
    pool: Pool | None = None
    """The round robin that chooses the owner; `owner` is then who takes over without room."""
    failed: tuple[str, ...] = ()
    """Ids of routes above this one that raised; they were passed over."""
