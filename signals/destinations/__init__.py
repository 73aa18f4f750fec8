"""Destinations: one file a kind, none knows another. `table.KINDS` names them all.

A destination is anything with `kind`, `pace_s` and `send(message, at) -> Attempt`. What goes wrong
on the way is an attempt with an outcome, never an exception.

attempt.py     what a destination is given and what it answers
post.py        one bounded HTTP POST that follows no redirect
addresses.py   which addresses may be posted to
signing.py     Standard Webhooks signatures
"""
