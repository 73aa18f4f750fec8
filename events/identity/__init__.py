"""Stage 2, match: whose event is it? Identifiers → lead and account, with a history of both.

graph.py      who owns which identifier, within limits; merges   (pure, on a batch's part)
accounts.py   which company a lead belongs to                    (pure)
matcher.py    match: loads the part of the graph that a batch touches, and saves it
profile.py    what people and companies said of themselves
history.py    whose identifier was it at a moment
index.py      identifier → lead and account for score calls: Redis first, the record behind
tables.py     how all of that is stored
"""
