"""Consent, access, erasure, export, retention: asks each store's owner.

The room is laid out and empty so far. What privacy already rests on lies with the owners:
identifiers are stored as keyed hashes (`events.identity.graph`), archived events are sealed with
their lead's own key (`events.archive`), the log forgets after a week (`events.intake.log`).
"""
