"""An explanation in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from features.windows import Value
from rules.language.steps import Declared, Joined, Look, Named, Step
from rules.trace import RuleTrace
from serving.why.arithmetic import Arithmetic
from serving.why.explain import Explanation

_PURPOSES = ("fit", "intent", "negative", "suppress", "account", "routing")
_MARKS = {"hit": "✓", "miss": "·", "missing": "?", "asleep": "z", "snoozed": "z", "failed": "!"}
_TRUTHS = {True: "✓", False: "✗", None: "?"}
LONGEST = 60


def lines(told: Explanation, *, everything: bool = False) -> Iterator[str]:
    """Rules that hit, and those that nearly did; with `everything` all of them."""
    yield from _heading(told)
    near = frozenset(told.near)
    for purpose in _PURPOSES:
        rules = [rule for rule in told.trace.rules if rule.purpose == purpose]
        asked = rules if purpose != "routing" else _up_to(told.trace.route.rule, rules)
        shown = [rule for rule in asked if rule.state == "hit" or rule.id in near]
        shown = rules if everything else shown
        yield ""
        yield f"{_sum(told, purpose)}{_hidden(len(rules) - len(shown))}"
        for rule in shown:
            yield from _rule(rule, near=rule.id in near)
    yield ""
    yield "✓ hit   ~ one condition short   · missed   ? not known   z passed over   ! failed"


def _up_to(winner: str, routes: list[RuleTrace]) -> list[RuleTrace]:
    """The first one that holds decides: those below it are not asked."""
    places = [at for at, rule in enumerate(routes) if rule.id == winner]
    return routes[: places[0] + 1] if places else routes


def _heading(told: Explanation) -> Iterator[str]:
    account = f" of account {told.account_id}" if told.account_id else ""
    yield f"lead {told.lead_id}{account}, as of {told.as_of}"
    model = f"model {told.model.name} {told.model.version}" if told.model else "no model"
    arm = f", arm {told.arm}" if told.arm else ""
    yield f"rules version {told.rules_version}, {model}{arm}"
    yield from (f"note: {note}" for note in told.notes)
    yield ""
    yield f"priority {told.priority:.1f} = {_terms(told.arithmetic)}"
    before = f"; it stood in {told.band_before}" if told.band_before else ""
    yield f"band {told.band} (hot {_range(told.hot)}, warm {_range(told.warm)}{before})"
    route = told.trace.route
    owner = "its round robin" if route.pool else route.owner
    places = ", ".join(route.destinations)
    yield f"a lead.hot signal goes by {route.rule} to {owner} ({places})"


def _terms(sums: Arithmetic) -> str:
    told = " + ".join(
        f"{term.name} {term.points:.3g} × {term.weight:.3g}" for term in sums.terms if term.weight
    )
    if sums.priority < sums.sum - 0.01:
        return f"{told} = {sums.sum:.1f}, held at {sums.at_most:g}"
    return f"{told}{', held at 0' if sums.sum < 0 else ''}"


def _range(band: tuple[float, float]) -> str:
    return f"from {band[0]:g}, left below {band[1]:g}"


def _sum(told: Explanation, purpose: str) -> str:
    trace = told.trace
    return {
        "fit": f"fit: {trace.fit_points} points, grade {trace.grade}",
        "intent": f"intent: {trace.intent_points:g} points",
        "negative": f"negative: {trace.negative_points:g} points",
        "suppress": f"suppressed: {'yes' if trace.suppressed else 'no'}",
        "account": f"account qualified: {'yes' if trace.mqa else 'no'}",
        "routing": f"routing: {trace.route.rule}",
    }[purpose]


def _hidden(count: int) -> str:
    return f" ({count} more with --all)" if count else ""


def _rule(rule: RuleTrace, *, near: bool) -> Iterator[str]:
    mark = "~" if near else _MARKS[rule.state]
    points = ""
    if rule.points:
        decayed = "" if rule.left is None else f", {rule.left:.3g} left"
        added = f", {rule.added:g} counted" if rule.state == "hit" else ""
        points = f" ({rule.group}: {rule.points:g}{decayed}{added})"
    asleep = f" [{rule.state}]" if rule.state in {"asleep", "snoozed", "failed"} else ""
    yield f"  {mark} {rule.id}{points}{asleep}  {rule.text}".rstrip()
    yield from _step(rule.when, 3)


def _step(step: Step, depth: int) -> Iterator[str]:
    """A condition and what it read; of `all` and `any` each part on a line of its own."""
    pad = "  " * depth
    truth = _TRUTHS[step.truth]
    match step:
        case Look():
            declared = "" if step.value is None else f" {_declared(step.value)}"
            error = f" ({step.error})" if step.error else ""
            yield f"{pad}{truth} {step.fact} {step.op}{declared}: {_read(step.read)}{error}"
        case Named(segment=segment, part=part):
            yield f"{pad}{truth} segment {segment}"
            yield from _step(part, depth + 1)
        case Joined(join=join, parts=parts):
            yield f"{pad}{truth} {join}"
            for part in parts:
                yield from _step(part, depth + 1)


def _declared(value: Declared) -> str:
    told = ", ".join(_read(one) for one in value) if isinstance(value, tuple) else _read(value)
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _read(value: Value) -> str:
    if value is None:
        return "unknown"
    return value[:LONGEST] if isinstance(value, str) else f"{value:.6g}"
