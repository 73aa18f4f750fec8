"""Stages 1–3: a raw payload becomes an `EnrichedEvent`.

accept (intake) → match (identity) → enrich (enrichment), each on a batch, each with its own type.
How leads and deals ended stands in `outcomes`; `labels` says which leads were won. What a CRM says
in columns of its own stands in `attributes`; `imports` makes events of its exports.
"""
