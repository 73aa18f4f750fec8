"""Stage 6: decide what is worth telling, route it to an owner, deliver it at least once.

standing.py   rules and model together; `answer` is the contract's score JSON
reasons.py    the five strongest reasons of a standing
decide.py     what was told against what is true: signals, or why there are none. Pure
making.py     a decision becomes a CloudEvent with an id of its own
route.py      the catalog's routing rules: owner, destinations, time to answer
turns.py      whose turn it is where a route has a round robin (assignments.py: in the record)
rescore.py    when time alone may lower a band
bands.py      the states that decisions start from, in the record
outbox.py     the queue, in the transaction that decided
deliver.py    drains the queue: a lane a destination (lane.py), retries (schedule.py)
disabled.py   destinations that were given up
read.py       signals for readers: pages, and what came since
destinations/ console, webhook, Slack
"""
