"""A/B tests: is the challenger better, and may we stop? Plain statistics here, the record beside.

`interval`, `difference`, `ratio`, `size` and `stop` know numbers only; `units` and `report` read
the record; `simulate` plays whole experiments, to show how often the rules err. `rehearsal`
writes a single one down as a real one would be, to learn reading by.
"""
