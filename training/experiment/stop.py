"""The stop rule: what an experiment's figures say, in one word and in one sentence."""

from __future__ import annotations

import enum
from typing import NamedTuple

from training.experiment.interval import Interval


class Verdict(enum.StrEnum):
    """In the order in which they are asked: the first that is true stands."""

    INVALID = "invalid"
    GUARDRAIL = "guardrail"
    CHALLENGER_WINS = "challenger_wins"
    CHAMPION_WINS = "champion_wins"
    FUTILE = "futile"
    ENDED = "ended"
    """By hand, before anything was decided."""
    OUT_OF_TIME = "out_of_time"
    KEEP_RUNNING = "keep_running"


class Told(NamedTuple):
    verdict: Verdict
    words: str

    @property
    def over(self) -> bool:
        """Whether there is a reason to stop."""
        return self.verdict is not Verdict.KEEP_RUNNING


class Figures(NamedTuple):
    """What the rule looks at. `lift` is relative: 0.2 is 20 % more than the champion's `base`."""

    seen: Interval
    base: float
    lift: float
    counted: int
    planned: int
    days: float
    max_days: int
    ratio_off: bool = False
    broken: tuple[str, ...] = ()
    """Guardrails that the challenger has run into, in words."""
    promoted: bool | None = None
    """Whether it has ended with its challenger in force; None while it runs."""


def judge(figures: Figures) -> Told:
    """What to do now. Looks may be taken as often as one likes: the interval holds at all of them.

    Futile: the interval ends below the smallest lift that was worth looking for.
    """
    low, high = float(figures.seen.low), float(figures.seen.high)
    wanted = figures.base * figures.lift
    found = {
        Verdict.INVALID: figures.ratio_off,
        Verdict.GUARDRAIL: bool(figures.broken),
        Verdict.CHALLENGER_WINS: low > 0,
        Verdict.CHAMPION_WINS: high < 0,
        Verdict.FUTILE: wanted > 0 and high < wanted,
        Verdict.ENDED: figures.promoted is not None,
        Verdict.OUT_OF_TIME: figures.days >= figures.max_days,
        Verdict.KEEP_RUNNING: True,
    }
    verdict = next(one for one in Verdict if found[one])
    if figures.promoted is None:
        return Told(verdict, _advice(verdict).format(_found(verdict, figures)))
    became = "its challenger was promoted" if figures.promoted else "the champion stayed"
    return Told(verdict, f"{_found(verdict, figures)}; it has ended, and {became}")


def _found(verdict: Verdict, figures: Figures) -> str:
    return {
        Verdict.INVALID: "invalid: the arms did not get their shares, so no figure here can be "
        "trusted",
        Verdict.GUARDRAIL: f"the challenger does harm: {' and '.join(figures.broken)}",
        Verdict.CHALLENGER_WINS: "challenger wins",
        Verdict.CHAMPION_WINS: "champion wins, the challenger is worse",
        Verdict.FUTILE: f"futile: a lift of {percent(figures.lift)} is no longer to be expected",
        Verdict.ENDED: f"undecided: {_missing(figures)}",
        Verdict.OUT_OF_TIME: f"out of time: {figures.max_days} days have passed without a decision",
        Verdict.KEEP_RUNNING: f"keep running: {_missing(figures)}",
    }[verdict]


def _advice(verdict: Verdict) -> str:
    """What to do with what was found, while it runs."""
    return {
        Verdict.INVALID: "{}; find out where units are lost, then start anew",
        Verdict.GUARDRAIL: "stop: {}",
        Verdict.CHALLENGER_WINS: "{}: stop with --promote",
        Verdict.CHAMPION_WINS: "{}: stop",
        Verdict.FUTILE: "{}: stop",
        Verdict.OUT_OF_TIME: "{}: stop and keep the champion",
    }.get(verdict, "{}")


def percent(share: float) -> str:
    """Three digits of it, so that 0.001 % is not told as none."""
    return f"{100 * share:.3g}%"


def _missing(figures: Figures) -> str:
    if not figures.counted:
        return f"no unit's window has run yet; {figures.planned:,} are planned"
    return f"no decision yet, {figures.counted:,} of {figures.planned:,} planned units are counted"
