"""Stage 4, update: events become tiles, and tiles at a moment become a `FeatureVector`.

measures.py      what of an event is counted            (the table)
definitions.py   which features are made of the counts  (the table)
tiles.py         counts per hour and day of one entity: what is stored, online and offline
change.py        what one event changes in them; join.py when entities become one
blob.py          how they are written down: sections of cells (cells.py, patterns.py)
windows.py       tiles + as_of → values: the one definition, for both sides
single.py        of one entity; columns.py of many, as arrays (sheet.py, sums.py)
vector.py        lead and account together
"""

from pathlib import Path


def feature_repo_path() -> Path:
    """The folder that `feast apply` scans."""
    return Path(__file__).parent / "feature_repo"
