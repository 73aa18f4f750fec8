"""A small catalog whose every point is known, and leads of the past to try it on."""

from __future__ import annotations

from core.clock import DAY, from_iso
from features.vector import vector
from rules import Rulebook, load_catalog
from scoring.cases import Case, Origin, table_of
from signals.backtest.past import Past

MOMENT = from_iso("2026-03-01")
NOW = from_iso("2026-06-01")
_EMPTY = vector("", None, None, None, 0).values

CATALOG = {
    "fit.yaml": """
grades: {A: 80, B: 50, C: 20}
groups: {company: 100}
rules:
  - id: right_region
    group: company
    points: 100
    text: "In {region}"
    when: {fact: region, op: is, value: UK}
    examples: {hit: [{region: UK}], miss: [{}]}
""",
    "intent.yaml": """
groups: {site: 100}
rules:
  - id: prices_seen
    group: site
    points: 40
    text: "{pricing_views_7d|view|views} of prices"
    when: {fact: pricing_views_7d, op: at_least, value: 1}
    examples: {hit: [{pricing_views_7d: 1}], miss: [{pricing_views_7d: 0}]}
  - id: demo_seen
    group: site
    points: 40
    text: "Saw the demo"
    when: {fact: demo_views_7d, op: at_least, value: 1}
    examples: {hit: [{demo_views_7d: 1}], miss: [{demo_views_7d: 0}]}
""",
    "negative.yaml": """
groups: {person: -25}
rules:
  - id: free_mail
    group: person
    points: -10
    text: "Uses a free email address"
    when: {fact: email_kind, op: is, value: free}
    examples: {hit: [{email_kind: free}], miss: [{}]}
suppress:
  - id: customer
    text: "Is a customer"
    when: {fact: deals_won_ever, op: at_least, value: 1}
    examples: {hit: [{deals_won_ever: 1}], miss: [{deals_won_ever: 0}]}
""",
    "account.yaml": """
mqa:
  - id: two_people
    text: "Two people"
    when: {fact: account_active_people_30d, op: at_least, value: 2}
    examples: {hit: [{account_active_people_30d: 2}], miss: [{}]}
""",
    "priority.yaml": """
weights: {fit: 0.25, intent: 0.50, propensity: 0.25, negative: 1.0}
propensity:
  - {chance: 0, worth: 0}
  - {chance: 1, worth: 100}
suppressed_at_most: 10
bands:
  hot: {enter: 55, leave: 45}
  warm: {enter: 30, leave: 25}
cooldowns: {lead.hot: 24h}
""",
    "routing.yaml": """
rules:
  - id: known_owner
    text: "Has a representative"
    when: {not: {fact: owner, op: is_missing}}
    owner: {fact: owner, else: sales}
    destinations: [console]
    respond_within: 1h
    examples: {hit: [{owner: rep-1}], miss: [{}]}
default: {id: everyone_else, owner: sales, destinations: [console], respond_within: 4h}
""",
}


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """The catalog with this one change."""
    assert old in CATALOG[name]
    return {**CATALOG, name: CATALOG[name].replace(old, new, 1)}


def rulebook(files: dict[str, str] | None = None) -> Rulebook:
    return load_catalog(files or CATALOG)


def case(number: int, *, won: bool = False, chance: float | None = 0.0, **known: object) -> Case:
    """By default a lead that nobody knows anything of: priority 0, cold."""
    account = known.pop("account_id", f"account-{number}")
    owner = known.pop("owner", None)
    unknown = set(known) - set(_EMPTY)
    assert not unknown, unknown
    return Case(
        lead_id=f"lead-{number}",
        account_id=account,  # type: ignore[arg-type]
        crm_id=f"c{number}",
        moment=MOMENT,
        settled_at=MOMENT + 60 * DAY,
        won=won,
        value=100.0 if won else None,
        owner=owner,  # type: ignore[arg-type]
        email_domain=None,
        propensity=chance,
        source="none" if chance is None else "out_of_fold",
        values={**_EMPTY, **known},  # type: ignore[dict-item]
    )


HOT = {"region": "UK", "pricing_views_7d": 1, "demo_views_7d": 1}
"""25 from fit, 40 from intent: priority 65."""
NEARLY = {"region": "UK", "pricing_views_7d": 1}
"""25 and 20: priority 45, warm."""


def past_of(cases: list[Case]) -> Past:
    origin = Origin(
        model="lead_propensity", version="1", made_at=NOW, moment_days=30, label_days=90
    )
    return Past(origin, table_of(cases), ())
