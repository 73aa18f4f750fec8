"""Confidence sequences: intervals that hold at every look, so that peeking each day costs nothing.

An ordinary 95 % interval errs in 5 % of experiments looked at once. Looked at daily, until it
excludes zero, it errs in far more. These are wider, by a factor that grows slowly, so that in 95 %
of experiments the truth is in all of them, however often and until whenever one looks.

Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas: Time-uniform central limit theory and asymptotic
confidence sequences, Annals of Statistics 52 (2024). After n observations with the standard error
s of an estimate, Theorem 2.2 with k = n ρ² reads::

    estimate ± s · sqrt( 2 (k + 1) / k · log( sqrt(k + 1) / α ) )

It mixes the likelihood ratio over normally distributed effects, as the mixture sequential
probability ratio test does (Robbins 1970; Johari, Koomen, Pekelis, Walsh 2022), so the interval
excludes zero exactly if the e-value `exp( z² k / (2 (k + 1)) ) / sqrt(k + 1)` reaches 1 / α.
Asymptotic means: for observations enough for the central limit theorem, see `difference.ENOUGH`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

ALPHA = 0.05
"""Share of experiments without a difference that may ever be told to have one."""


class Interval(NamedTuple):
    """Arrays of one shape, or plain numbers: an estimate, where the truth lies, and the evidence.

    `e_value` is against no difference at all: 20 and more is a decision at `ALPHA`.
    """

    estimate: Numbers
    low: Numbers
    high: Numbers
    e_value: Numbers

    def at(self, look: int) -> Interval:
        """Of a sequence of looks the one at this place; -1 is the last."""
        return Interval(*(one[look] for one in self))

    def decided(self) -> int | None:
        """The first look that excludes zero: it stands, whatever comes after it."""
        apart = (self.low > 0) | (self.high < 0)
        return int(apart.argmax()) if apart.any() else None


def tightness(planned: float, alpha: float = ALPHA) -> float:
    """ρ² that makes the interval narrowest after `planned` observations (ibid., appendix B)."""
    wide = -2 * math.log(alpha)
    return (wide + math.log(wide) + 1) / planned


def widening(count: ArrayLike, planned: float, alpha: float = ALPHA) -> Numbers:
    """How many standard errors to either side after `count` observations; an ordinary one has 2."""
    known = np.asarray(count, dtype=np.float64) * tightness(planned, alpha)
    with np.errstate(divide="ignore"):
        factor: Numbers = np.sqrt(2 * (known + 1) / known * np.log(np.sqrt(known + 1) / alpha))
    return factor


def interval(
    estimate: ArrayLike,
    error: ArrayLike,
    count: ArrayLike,
    planned: float,
    alpha: float = ALPHA,
) -> Interval:
    """The interval after `count` observations, at their `estimate` with its standard `error`.

    Without any observation, or without any variation, it says nothing: from -inf to inf, e-value 0.
    """
    middle, spread = np.asarray(estimate, np.float64), np.asarray(error, np.float64)
    told = (np.asarray(count) > 0) & (spread > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.where(told, spread * widening(count, planned, alpha), np.inf)
        known = np.asarray(count, np.float64) * tightness(planned, alpha)
        seen = (middle / spread) ** 2 * known / (2 * (known + 1)) - np.log1p(known) / 2
    # Beyond e**700 a float has no number; nobody needs to tell such evidence apart.
    evidence = np.where(told, np.exp(np.minimum(np.where(told, seen, 0.0), 700.0)), 0.0)
    return Interval(middle, middle - half, middle + half, evidence)
