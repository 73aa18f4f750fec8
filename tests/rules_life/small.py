"""A catalog of a few rules: edits of it stay what they are, whatever the shipped one becomes."""

from __future__ import annotations

SMALL = {
    "fit.yaml": """\
grades: {A: 15, B: 10, C: 5}
groups: {company: 60, person: 40}
rules:
  - id: target_industry
    group: company
    points: 20
    text: "Works in {industry}"
    when: {fact: industry, op: in, value: [manufacturing, logistics]}
    examples:
      hit: [{industry: logistics}]
      miss: [{industry: mining}, {}]
  - id: target_region
    group: person
    points: 10
    text: "Sits in {region}"
    when: {fact: region, op: in, value: [US, UK]}
    examples:
      hit: [{region: UK}]
      miss: [{region: FR}]
""",
    "intent.yaml": """\
groups: {site: 100}
rules:
  - id: pricing_seen
    group: site
    points: 100
    text: "{pricing_views_7d|view|views} of the pricing page in 7 days"
    when: {fact: pricing_views_7d, op: at_least, value: 1}
    examples:
      hit: [{pricing_views_7d: 1}]
      miss: [{pricing_views_7d: 0}]
""",
    "negative.yaml": """\
groups: {company: -30}
rules:
  - id: other_industry
    group: company
    points: -30
    text: "Works in mining"
    when: {fact: industry, op: is, value: mining}
    examples:
      hit: [{industry: mining}]
      miss: [{industry: logistics}]
suppress:
  - id: competitor
    text: "Works for a competitor"
    when: {fact: email_domain, op: is, value: rival.example}
    examples:
      hit: [{email_domain: rival.example}]
      miss: [{email_domain: acme.example}]
""",
    "account.yaml": """\
mqa:
  - id: several_people
    text: "{account_active_people_7d|person|people} active in 7 days"
    when: {fact: account_active_people_7d, op: at_least, value: 3}
    examples:
      hit: [{account_active_people_7d: 3}]
      miss: [{account_active_people_7d: 2}]
""",
    "priority.yaml": """\
weights: {fit: 0.25, intent: 0.5, propensity: 0.25, negative: 1.0}
propensity:
  - {chance: 0.0, worth: 0}
  - {chance: 1.0, worth: 100}
suppressed_at_most: 10
bands:
  hot: {enter: 55, leave: 45}
  warm: {enter: 30, leave: 25}
cooldowns: {lead.hot: 24h}
""",
    "routing.yaml": """\
rules:
  - id: known_owner
    text: "Has a representative"
    when: {not: {fact: owner, op: is_missing}}
    owner: {fact: owner, else: inside-sales}
    destinations: [console]
    respond_within: 1h
    examples:
      hit: [{owner: rep-7}]
      miss: [{}]
  - id: territory_uk
    text: "New in the UK"
    when: {fact: region, op: is, value: UK}
    owner: rep-london
    destinations: [console]
    respond_within: 30m
    examples:
      hit: [{region: UK}]
      miss: [{region: US}]
default:
  id: inside_sales
  owner: inside-sales
  destinations: [console]
  respond_within: 4h
""",
}


def edited(points: int) -> dict[str, str]:
    """The same with another worth of a target industry, which was 20."""
    return {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("points: 20", f"points: {points}")}
