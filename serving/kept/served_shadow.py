"""A draft that shadows, over score calls: vectors of the sample that the api keeps, once more.

The api does nothing for it: `features.served` has what it answered from. Neither side knows the
band that a lead stood in, so both enter it afresh.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from core.database import reading
from features.served import newest_served
from rules import load_catalog
from serving.release.inforce import Loaded
from serving.score.assess import assess
from signals.beside import beside_then
from signals.shadow.draft import files_of, newest
from signals.shadow.report import Bands

MOST = 5_000


def served_bands(engine: sa.Engine, loaded: Loaded) -> tuple[Bands, ...]:
    """The newest score calls that are kept, since the draft began and until it stopped.

    Empty when there are none, or the draft cannot be compiled.
    """
    with reading(engine) as connection:
        draft = newest(connection)
        if draft is None or draft.reason is not None:
            return ()
        until = draft.stopped_at
        vectors = [
            one.vector
            for one in newest_served(connection, MOST)
            if draft.started_at <= one.vector.as_of and (not until or one.vector.as_of <= until)
        ]
        extra = beside_then(connection, vectors)
        rulebook = load_catalog(files_of(connection, draft.id))
    under = loaded._replace(rulebook=rulebook, trial=None)
    none = [None] * len(vectors)
    pairs = zip(
        assess(loaded, vectors, extra, none), assess(under, vectors, extra, none), strict=True
    )
    counted = Counter((live.band, shadow.band) for live, shadow in pairs)
    return tuple(Bands(*bands, looks) for bands, looks in counted.most_common())
