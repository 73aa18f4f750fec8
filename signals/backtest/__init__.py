"""What an edit of the rules would have done: two catalogs over the same leads of the past.

past.py        the leads whose end is known, as they were known at their moment
since.py       those of them whose end became known since training
judge.py       a catalog over all of them, one by one; query.py the same in one query
judged.py      what it made of them: priority, band, grade, suppression, route
tally.py       how the judged leads ended, per cluster of accounts: all that figures are made of
figures.py     tallies → win rates, precision, recall, lift
chance.py      how far chance alone moves them: Wilson's interval, the bootstrap by account
changes.py     every figure before and after, with its intervals
moves.py       who goes from which band to which, by which route, to whom
flips.py       the leads that change band or route, by name, and the rules that made the difference
report.py      what a backtest answers, as it is printed and as JSON
backtest.py    the whole way in one method
telling.py     the same in lines for people
draw.py        win rates and the gain curve, as a picture

Nothing here is acted on: no band is kept, no signal leaves.
"""
