"""How the deal of a row stands, by the part of the plan that is about outcomes."""

from __future__ import annotations

from core.errors import Problem
from events.imports.plan import Outcome
from events.imports.sight import Sight
from events.imports.source import Row
from events.imports.told import Deal


class DealReader:
    """Reads the deals of one file."""

    def __init__(self, plan: Outcome, sight: Sight) -> None:
        self._plan = plan
        self._sight = sight
        self._ends = {
            word.strip().lower(): end
            for end in ("open", "lost", "won")
            for word in getattr(plan.status, end)
        }

    def deal(self, row: Row, crm_id: str, problems: list[Problem]) -> Deal | None:
        """None where the row says too little; what is wrong with it is added to `problems`."""
        plan, sight = self._plan, self._sight
        deal_id = sight.text(row, plan.deal_id) if plan.deal_id else f"lead:{crm_id}"
        if deal_id is None:
            problems.append(sight.problem(row, plan.deal_id, "is missing"))
            return None
        end = self._end(row, problems)
        if end is None or end == "open":
            return Deal(deal_id, "open")
        closed_at = None
        if plan.closed is not None:
            closed_at = sight.moment(row, plan.closed, problems, end=True)
        value = None
        currency = None
        if sight.text(row, plan.value) is not None:
            value, currency = sight.number(row, plan.value), sight.text(row, plan.currency)
        return Deal(deal_id, end, closed_at, value, currency)

    def _end(self, row: Row, problems: list[Problem]) -> str | None:
        status = self._plan.status
        if status.all is not None:
            return status.all
        word = self._sight.text(row, status.column)
        if word is None:
            return "open"
        if (end := self._ends.get(word.lower())) is not None:
            return end
        problems.append(self._sight.problem(row, status.column, f"{word[:40]!r} is in no list"))
        return None
