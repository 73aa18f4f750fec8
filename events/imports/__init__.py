"""A CRM's export, CSV or Parquet, becomes events for the door of history.

source.py     a file, row by row, with the line of each
cells.py      what a cell says: a number, a moment, yes or no, or nothing
profile.py    what each column holds, found by reading all of it
mapping.py    which column means what: declared in YAML, checked against the file
guess.py      a mapping for who has none
rows.py       a row under a mapping → a lead, an outcome, or what is wrong with it
stage.py      rows in the order of their moments, each lead and deal once, on the disk
compose.py    staged rows, and what the record knows already → messages for the log

Nothing here changes the record: the worker does, when it meets the messages in the log.
"""
