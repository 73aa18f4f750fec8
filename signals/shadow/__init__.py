"""A draft of the rules beside the version in force, on live traffic, never acted on.

tables.py     the draft, what was counted, the leads that it would treat otherwise
draft.py      start, stop, and which one runs
follow.py     the running draft, compiled: what the worker asks for at each batch
compare.py    a batch's leads once more, under the draft
comparison.py what came of that, counted and saved with the batch
report.py     what came of it so far

No signal leaves, no band moves, nobody is assigned: a draft's decisions end in counts.
"""
