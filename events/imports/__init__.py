"""A CRM's export, CSV or Parquet, becomes events for the door of history.

source.py     a file, row by row, with the line of each
cells.py      what a cell says: a number, a moment, yes or no, or nothing
profile.py    what each column holds, found by reading all of it
plan.py       what a mapping may say
mapping.py    which column means what: declared in YAML, checked against the file
guess.py      a mapping for who has none
rows.py       a row under a mapping → a lead, an outcome, or what is wrong with it
stage.py      rows in the order of their moments, each lead and deal once, on the disk
known.py      what the record holds of them already
compose.py    staged rows, and what is known → what is to be told
messages.py   what is to be told → messages for the log
take.py       the whole way of a file, and the report of it

Nothing here changes the record: the worker does, when it meets the messages in the log.
"""
