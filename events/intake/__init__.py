"""Stage 1, accept: what was received becomes an `Event` or a `FailedEvent`.

log.py          every event accepted, durably, in order
accept.py       raw events → events; all problems of a bad one at once
segment.py      the adapter for Segment-shaped messages
timing.py       when it happened, when it was known
duplicates.py   the same message once
"""
