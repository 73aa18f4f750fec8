"""Which columns know the end already: found before anything is learnt from them.

A column leaks when it was written after the end, or because of it: loss reasons, closing dates,
fields that only winners get. A model that reads it looks brilliant in every test and knows nothing
of a lead that is still open. Each test here names its reason; none looks at the test part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from core.clock import DAY
from events.attributes import Column, ColumnKind
from features.windows import Value
from scoring.card import LeftOut
from training.dataset import Example
from training.single import Single, single_auc

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Truths = NDArray[np.bool_]

ALONE = 0.85
AHEAD = 0.10
"""With this AUC, and so far ahead of the next column, it tells more than an honest one could."""
NAMED = 0.55
"""A suspicious name needs some evidence: without any it does no harm."""
STATE = 0.6
ONLY = 20
"""Filled (or blank) so many times more often at one end than at the other."""
EXPECTED = 10
"""Rows that chance would have put there if both ends were alike."""
DATED_LATE = 0.01
TOLD = 0.9
FEWEST = 20

_ENDING = re.compile(
    r"\b(clos(e|ed|ing)|won|lost|loss|win|outcome|result|convert(ed)?|conversion|churn(ed)?|signed|"
    r"contract|invoice(d)?|reason|discarded|disqualif(y|ied|ication)|nurturing|"
    r"(sales|deal) (cycle|length|duration)|days to|stage|status|probability|forecast( category)?)\b"
)
"""Names of what is written when a deal ends, or on its way there."""
_STATE = re.compile(
    r"\b(last (notable )?(activity|modified|contacted|touch(ed)?|viewed|referenced|interaction)|"
    r"updated|modstamp|tags?|quality|rating|score|synced)\b"
)
"""Names of what an export shows as it stands today, or of what people assigned while selling."""
_WORD = re.compile(r"\b(won|lost|closed|converted|customer|churned|signed|purchased|rejected)\b")


class Looked(NamedTuple):
    """One column of the teaching part: its values, and what it tells alone."""

    column: Column
    values: list[Value]
    alone: Single


def find_leaks(
    examples: Sequence[Example], columns: Mapping[str, Column], limit: float, seed: int
) -> list[LeftOut]:
    """Columns that look like leakage, the strongest first, each with its reasons.

    `examples` are of the teaching part, one a lead. Nothing is found where all ended the same.
    """
    import numpy as np

    won = np.array([one.label.won for one in examples], dtype=bool)
    if not 0 < won.sum() < len(won):
        return []
    looked = []
    for name, column in columns.items():
        values = [one.vector.values.get(name) for one in examples]
        if any(value is not None for value in values):
            looked.append(Looked(column, values, single_auc(values, won, seed)))
    found = []
    for one in looked:
        others = [other.alone.auc for other in looked if other is not one]
        reasons = _reasons(one, won, examples, limit, max(others, default=0.5))
        if reasons:
            column = one.column
            auc = round(one.alone.auc, 3)
            found.append(LeftOut(column.name, column.title, auc, tuple(reasons)))
    return sorted(found, key=lambda leak: (-leak.auc, leak.name))


def _reasons(
    one: Looked, won: Truths, examples: Sequence[Example], limit: float, next_best: float
) -> list[str]:
    auc = one.alone.auc
    said = re.sub(r"[^0-9A-Za-z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", one.column.title))
    reasons = []
    if auc >= limit:
        reasons.append(f"tells the end all by itself (AUC {auc:.3f})")
    elif auc >= ALONE and auc - next_best >= AHEAD:
        told = f"stands far above every other column (AUC {auc:.3f}, the next has {next_best:.3f})"
        reasons.append(told)
    reasons += _one_sided(one.values, won) or _only_closed(one.values, examples)
    reasons += _dated(one, examples)
    if one.alone.low > 0.5 and auc >= NAMED and (named := _ENDING.search(said.lower())):
        reasons.append(f"“{named[0]}” in its name is of the end, and it tells something of it")
    elif one.alone.low > 0.5 and auc >= STATE and (named := _STATE.search(said.lower())):
        told = "is as of the export or assigned while selling, and it tells something of the end"
        reasons.append(f"“{named[0]}” {told}")
    reasons += _wording(one, won)
    return reasons


def _one_sided(values: Sequence[Value], won: Truths) -> list[str]:
    """Filled, or blank, nearly only where it was won, or nearly only where it was not."""
    import numpy as np

    filled = np.array([value is not None for value in values])
    sides = {"won": won, "not won": ~won}
    reasons = []
    for what, there in (("filled", filled), ("blank", ~filled)):
        for end, side in sides.items():
            here, elsewhere = there[side].mean(), there[~side].mean()
            if here * (~side).sum() >= EXPECTED and here >= ONLY * elsewhere:
                reasons.append(
                    f"{what} in {here:.0%} of those {end}, in {elsewhere:.1%} of the others"
                )
    return reasons


def _only_closed(values: Sequence[Value], examples: Sequence[Example]) -> list[str]:
    """Filled nearly only where a deal ever closed, be it after the label window: those of a lead
    that was won too late are lessons of “not won”, and hide what they tell.
    """
    import numpy as np

    filled = np.array([value is not None for value in values])
    closed = np.array([one.label.closed_at is not None for one in examples])
    if closed.all() or not closed.any():
        return []
    here, elsewhere = filled[closed].mean(), filled[~closed].mean()
    if here * (~closed).sum() < EXPECTED or here < ONLY * elsewhere:
        return []
    return [
        f"filled in {here:.0%} of those whose deal ever closed, in {elsewhere:.1%} of the others"
    ]


def _dated(one: Looked, examples: Sequence[Example]) -> list[str]:
    """Written after the moment at which the model judges, or equal to how long the deal took."""
    days = [
        (float(value), example)
        for value, example in zip(one.values, examples, strict=True)
        if value is not None and not isinstance(value, str)
    ]
    reasons = []
    if one.column.kind is ColumnKind.DATE and len(days) >= FEWEST:
        late = sum(
            value > (example.vector.as_of - example.label.created_at) / DAY
            for value, example in days
        )
        if late >= DATED_LATE * len(days):
            reasons.append(
                f"dated after the moment of judgement in {late / len(days):.0%} of leads"
            )
    took = [
        abs(value - (example.label.closed_at - example.label.created_at) / DAY) <= 1.5
        for value, example in days
        if example.label.closed_at is not None and value > 2
    ]
    if len(took) >= FEWEST and sum(took) >= TOLD * len(took):
        reasons.append("is the time until the deal closed")
    return reasons


def _wording(one: Looked, won: Truths) -> list[str]:
    """Words that speak of the end, and keep their word."""
    told = [
        isinstance(value, str) and _WORD.search(value.lower()) is not None for value in one.values
    ]
    rows = [bool(ended) for said, ended in zip(told, won, strict=True) if said]
    if len(rows) < FEWEST:
        return []
    share, others = sum(rows) / len(rows), float(won.mean())
    example = next(str(value) for said, value in zip(told, one.values, strict=True) if said)
    if share >= max(TOLD, others + 0.2) or share <= min(1 - TOLD, others / 4):
        return [f"its words tell the end: of rows like “{example[:30]}” {share:.0%} were won"]
    return []


def tell_leaks(leaks: Sequence[LeftOut]) -> list[str]:
    """A line a column: its name in the CRM, what it tells alone, why it is suspected."""
    return [
        f"{leak.title} ({leak.name}, AUC {leak.auc:.3f}): {'; '.join(leak.reasons)}"
        for leak in leaks
    ]
