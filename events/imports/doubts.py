"""What a person should know of a guessed mapping before anything is imported by it."""

from __future__ import annotations

from collections.abc import Iterator

from events.imports.guess import is_called_like_an_id
from events.imports.plan import Plan
from events.imports.profile import FEWEST_FOR_ID, Kind, Profile


def doubts(plan: Plan, seen: Profile) -> Iterator[str]:
    """A line for each column that is called like a lead's id, or is one, and that a guess left
    out, where it found no other id of leads.
    """
    if plan.lead.crm_id is not None or seen.rows < FEWEST_FOR_ID:
        return
    used = {plan.lead.email, plan.lead.user_id, plan.account, plan.owner}
    used.add(plan.outcome.deal_id if plan.outcome else None)
    for name, one in seen.columns.items():
        if name in used or one.kind in {Kind.EMPTY, Kind.DATE}:
            continue
        if one.kind is Kind.ID or is_called_like_an_id(name):
            filled = round(one.rows * (1 - one.missing))
            yield (
                f"WARNING: {name} looks like an id and was not taken as the leads' own "
                f"({one.distinct:,} different in {filled:,} filled rows): {_known_by(plan)}. If it "
                f"is theirs, say `lead: {{crm_id: {name}}}` in a mapping (--write-mapping)"
            )


def _known_by(plan: Plan) -> str:
    """What the rows are told apart by without it."""
    other = plan.lead.email or plan.lead.user_id
    if other:
        return f"rows are known by {other} alone"
    if plan.without_id == "keep":
        return "each row becomes a lead that no later file and no event can name"
    return "rows name nobody, and are refused"
