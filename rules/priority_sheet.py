"""Reads `priority.yaml`."""

from __future__ import annotations

from itertools import pairwise

from rules.declaration import Scope
from rules.facts import SIGNALS
from rules.language.reading import Reader
from rules.language.source import Node
from rules.priority import HIGHEST, Band, Priority, Weights

_FIELDS = ("weights", "propensity", "suppressed_at_most", "bands", "cooldowns")


def read_priority(reader: Reader, node: Node, _: Scope) -> Priority | None:
    """The whole file; None when any part of it is wrong."""
    before = reader.count()
    fields = reader.fields(node, "priority.yaml", _FIELDS)
    if len(fields) < len(_FIELDS):
        return None
    weights = _read_weights(reader, fields["weights"])
    chances, worths = _read_curve(reader, fields["propensity"])
    cap = reader.number(fields["suppressed_at_most"], "`suppressed_at_most`", 0, HIGHEST)
    bands = reader.fields(fields["bands"], "`bands`", ("hot", "warm"))
    hot = _read_band(reader, "hot", bands["hot"]) if "hot" in bands else None
    warm = _read_band(reader, "warm", bands["warm"]) if "warm" in bands else None
    cooldowns = _read_cooldowns(reader, fields["cooldowns"])
    if hot and warm and not warm.enter < hot.leave:
        reader.problem(fields["bands"].line, "`warm.enter` has to lie below `hot.leave`")
    if hot and cap is not None and cap >= hot.leave:
        reader.problem(
            fields["suppressed_at_most"].line,
            "`suppressed_at_most` has to lie below `hot.leave`: a suppressed lead is never hot",
        )
    if reader.count() > before or not weights or not hot or not warm or cap is None:
        return None
    return Priority(weights, chances, worths, cap, hot, warm, cooldowns)


def _read_weights(reader: Reader, node: Node) -> Weights | None:
    names = Weights._fields
    fields = reader.fields(node, "`weights`", names)
    numbers = [reader.number(fields[n], f"the weight of {n}", 0, 1) for n in names if n in fields]
    right = [number for number in numbers if number is not None]
    if len(right) < len(names):
        return None
    weights = Weights(*right)
    if abs(weights.fit + weights.intent + weights.propensity - 1) > 1e-9:
        reader.problem(node.line, "the weights of fit, intent and propensity have to add up to 1")
    if weights.fit + weights.intent <= 0:
        reader.problem(node.line, "fit and intent need some weight: they serve without a model")
    return weights


def _read_curve(reader: Reader, node: Node) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Points of a line that rises from chance 0 to chance 1."""
    chances: list[float] = []
    worths: list[float] = []
    for item in reader.items(node, "`propensity`"):
        fields = reader.fields(item, "a point of `propensity`", ("chance", "worth"))
        if len(fields) == 2:
            chance = reader.number(fields["chance"], "`chance`", 0, 1)
            worth = reader.number(fields["worth"], "`worth`", 0, HIGHEST)
            if chance is not None and worth is not None:
                chances.append(chance)
                worths.append(worth)
    ends = bool(chances) and (chances[0], chances[-1]) == (0, 1)
    rising = all(low < high for low, high in pairwise(chances))
    if not (ends and rising and all(low <= high for low, high in pairwise(worths))):
        reader.problem(
            node.line, "`propensity` has to go from chance 0 to chance 1, and worth may never fall"
        )
    return tuple(chances), tuple(worths)


def _read_band(reader: Reader, name: str, node: Node) -> Band | None:
    fields = reader.fields(node, f"`{name}`", ("enter", "leave"))
    if len(fields) < 2:
        return None
    enter = reader.number(fields["enter"], "`enter`", 0, HIGHEST)
    leave = reader.number(fields["leave"], "`leave`", 0, HIGHEST)
    if enter is None or leave is None:
        return None
    if leave > enter:
        reader.problem(node.line, f"`{name}`: `leave` may not lie above `enter`")
    return Band(name, enter, leave)


def _read_cooldowns(reader: Reader, node: Node) -> dict[str, int]:
    cooldowns: dict[str, int] = {}
    entries = reader.entries(node, "`cooldowns`")
    for signal, item in entries.items():
        if signal not in SIGNALS:
            close = reader.closest(signal, SIGNALS) or f"; there are {', '.join(SIGNALS)}"
            reader.problem(node.key_lines[signal], f"unknown signal `{signal}`{close}")
        cooldowns[signal] = reader.duration(item, f"the cooldown of `{signal}`") or 0
    return cooldowns
