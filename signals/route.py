"""Route: to whom a signal goes, by the catalog's routing rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from features.windows import Value
from signals.standing import Standing
from signals.types import About

if TYPE_CHECKING:
    from rules import Route


def route(standing: Standing, about: About, signal_type: str) -> Route:
    """What the catalog says; with a round robin, `signals.turns` chooses the owner later."""
    facts: dict[str, Value] = dict(standing.vector.values)
    facts["owner"] = about.owner
    facts["email_domain"] = about.email_domain
    facts["as_of"] = standing.vector.as_of
    facts["band"] = standing.band
    facts["priority"] = standing.priority
    facts["propensity"] = standing.score.propensity if standing.score else None
    facts["signal"] = signal_type
    return standing.rulebook.route(facts)


def tell(found: Route) -> dict[str, Any]:
    """`data.route` of the contract: rule, owner, destinations (`kind:name` or `console`), SLA."""
    return {
        "rule": found.rule,
        "owner": found.owner,
        "destinations": list(found.destinations),
        "respond_within_s": found.respond_within_s,
    }
