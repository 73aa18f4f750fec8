"""Catalogs of any size, to see what grows with the number of rules."""

from __future__ import annotations

import random

from features.definitions import FEATURES, Kind
from rules import read_catalog

_SHEETS = {"fit.yaml": 1, "intent.yaml": 1, "negative.yaml": -1}
_HEAD = {"fit.yaml": "grades: {A: 90, B: 70, C: 45}\n", "intent.yaml": "", "negative.yaml": ""}
_GROUPS = ("one", "two", "three")
_COUNTS = [one.name for one in FEATURES if one.kind is Kind.COUNT]
_WORDS = ("industry", "employee_band", "region", "role", "seniority", "title")
_SAID = ("US", "UK", "logistics", "200-499", "vp_finance", "director", "other")


def catalog(rules: int, seed: int) -> dict[str, str]:
    """The shipped files, but for `rules` scored rules that are made up, in three sheets alike."""
    dice = random.Random(seed)
    files = read_catalog()
    suppressions = files["negative.yaml"].partition("\nsuppress:")
    for place, (name, sign) in enumerate(_SHEETS.items()):
        numbers = range(place, max(rules, len(_SHEETS)), len(_SHEETS))
        groups = ", ".join(f"{group}: {sign * 40}" for group in _GROUPS)
        made = "".join(_rule(dice, number, sign) for number in numbers)
        files[name] = f"{_HEAD[name]}groups: {{{groups}}}\nrules:\n{made}"
    files["negative.yaml"] += "".join(suppressions[1:])
    return files


def _rule(dice: random.Random, number: int, sign: int) -> str:
    """One comparison in two of three rules, two in the third, as in the shipped catalog."""
    parts = [_comparison(dice) for _ in range(2 if number % 3 == 0 else 1)]
    when = parts[0] if len(parts) == 1 else f"{{all: [{', '.join(parts)}]}}"
    return f"""
  - id: made_{number}
    group: {dice.choice(_GROUPS)}
    points: {sign * dice.randint(5, 30)}
    text: "Number {number}"
    when: {when}
    examples: {{hit: [{{region: UK}}], miss: [{{}}]}}
"""


def _comparison(dice: random.Random) -> str:
    if dice.random() < 0.3:
        said = ", ".join(f'"{word}"' for word in dice.sample(_SAID, 3))
        return f"{{fact: {dice.choice(_WORDS)}, op: in, value: [{said}]}}"
    return f"{{fact: {dice.choice(_COUNTS)}, op: at_least, value: {dice.randint(1, 5)}}}"
