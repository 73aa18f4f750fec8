"""Which rules were one condition short, and how the sum of a priority reads."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from rules import load_catalog
from rules.language.steps import Joined, Look, Named, Step
from rules.trace import RuleTrace, trace
from serving.why.near import is_near, lacking
from tests.signals.past_fakes import CATALOG, edited


def _look(truth: bool | None) -> Look:
    return Look("page_views_7d", "at_least", 1.0, 0, truth)


def _truth(step: Step, truths: dict[int, bool | None]) -> bool | None:
    """Kleene's truth of the condition with each comparison as `truths` has it, by its identity."""
    match step:
        case Look():
            return truths[id(step)]
        case Named(part=part):
            return _truth(part, truths)
        case Joined(join="not", parts=(part,)):
            truth = _truth(part, truths)
            return None if truth is None else not truth
        case Joined(join=join, parts=parts):
            decided = join == "any"
            told = [_truth(part, truths) for part in parts]
            return decided if decided in told else None if None in told else not decided


def _leaves(step: Step) -> list[Look]:
    match step:
        case Look():
            return [step]
        case Named(part=part):
            return _leaves(part)
        case Joined(parts=parts):
            return [leaf for part in parts for leaf in _leaves(part)]


def _fewest(step: Step) -> int:
    """By trying everything: each comparison stays as it is, or comes out either way."""
    leaves = _leaves(step)
    choices = itertools.product(*({leaf.truth, True, False} for leaf in leaves))
    return min(
        sum(leaf.truth is not truth for leaf, truth in zip(leaves, chosen, strict=True))
        for chosen in choices
        if _truth(step, {id(leaf): truth for leaf, truth in zip(leaves, chosen, strict=True)})
    )


@pytest.mark.parametrize("truths", list(itertools.product((True, False, None), repeat=4)))
def test_what_is_lacking_is_the_fewest_comparisons_that_would_do(truths: tuple[Any, ...]):
    """Against trying every combination, missing facts among them."""
    a, b, c, d = (_look(truth) for truth in truths)
    trees: list[Step] = [
        Joined("all", (a, Joined("any", (b, c), None), d), None),
        Joined("any", (Joined("all", (a, b), None), Joined("not", (c,), None)), None),
        Joined("not", (Joined("all", (a, Named("segment", Joined("any", (b, c), None), None)),
                               None),), None),
    ]  # fmt: skip

    for tree in trees:
        assert lacking(tree) == _fewest(tree)


def _rule(name: str, files: dict[str, str], **facts: Any) -> RuleTrace:
    told = trace(load_catalog(files), facts)
    return next(rule for rule in told.rules if rule.id == name)


def test_a_rule_of_several_conditions_is_near_when_one_is_missing():
    """A seller sees what to bring about; a rule that hit, or lacks two, is not shown for it."""
    files = edited(
        "intent.yaml",
        "when: {fact: demo_views_7d, op: at_least, value: 1}",
        "when: {all: [{fact: demo_views_7d, op: at_least, value: 1},"
        " {fact: region, op: is, value: UK}]}",
    )
    files["intent.yaml"] = files["intent.yaml"].replace(
        "{hit: [{demo_views_7d: 1}]", "{hit: [{demo_views_7d: 1, region: UK}]"
    )

    assert is_near(_rule("demo_seen", files, demo_views_7d=1, region="US"))
    assert is_near(_rule("demo_seen", files, demo_views_7d=1))
    assert not is_near(_rule("demo_seen", files, demo_views_7d=1, region="UK"))
    assert not is_near(_rule("demo_seen", files, demo_views_7d=0, region="US"))
    assert not is_near(_rule("demo_seen", CATALOG, demo_views_7d=0)), "always one short"
