"""One lead at one moment: all that it was judged by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import sqlalchemy as sa

from core.clock import to_iso
from core.database import reading
from core.errors import NotFound
from core.installation import Installation
from events import progress
from events.attributes import attributes_of
from features.definitions import Entity
from features.offline import newest_blobs
from features.record import read_rows
from features.vector import FeatureVector, vector
from features.windows import Value
from serving.score.assess import assess
from serving.score.extra import extra_facts
from serving.why.ruling import Ruling
from serving.why.who import Whom, find
from signals import bands
from signals.beside import beside_then
from signals.standing import Standing


class Scene(NamedTuple):
    """`lead` and `account` are tiles as bytes; `as_of` in microseconds, UTC."""

    whom: Whom
    as_of: int
    lead: bytes | None
    account: bytes | None
    vector: FeatureVector
    """With the CRM's own columns among its values."""
    beside: Mapping[str, Value]
    """`owner` and `email_domain`."""
    band_before: str | None
    known_to: int | None = None
    """All events recorded by then are in it."""


def scene_now(installation: Installation, engine: sa.Engine, told: str, now: int) -> Scene:
    """From the record, which the worker commits; with the band that the lead stands in."""
    with reading(engine) as connection:
        whom = find(connection, installation.secret(), told, now, now=True)
        lead, account = _held(connection, whom)
        [beside] = extra_facts(connection, [whom.lead_id])
        state = bands.load(connection, [whom.lead_id]).get(whom.lead_id)
        seen = _seen(connection, whom, lead, account, now, None)
        known_to = progress.load(connection).watermark or None
    band = state.band if state else None
    return Scene(whom, now, lead, account, seen, beside, band, known_to)


def _held(connection: sa.Connection, whom: Whom) -> tuple[bytes | None, bytes | None]:
    [lead] = [row.blob for row in read_rows(connection, Entity.LEAD, [whom.lead_id])] or [None]
    ids = [whom.account_id] if whom.account_id else []
    [account] = [row.blob for row in read_rows(connection, Entity.ACCOUNT, ids)] or [None]
    return lead, account


def scene_at(installation: Installation, engine: sa.Engine, told: str, at: int) -> Scene:
    """As it was known then, from the lake; a band of the past is not kept, so it is entered afresh.

    NotFound when nothing was known of the lead by then.
    """
    with reading(engine) as connection:
        whom = find(connection, installation.secret(), told, at, now=False)
    lead_id, account_id = whom
    lead = newest_blobs(installation, Entity.LEAD, [(lead_id, at)]).get((lead_id, at))
    if not lead:
        raise NotFound(
            f"nothing was known of lead {lead_id} at {to_iso(at)}", do="name a later moment"
        )
    account = None
    if account_id:
        found = newest_blobs(installation, Entity.ACCOUNT, [(account_id, at)])
        account = found.get((account_id, at))
    with reading(engine) as connection:
        seen = _seen(connection, whom, lead, account, at, at)
        [beside] = beside_then(connection, [seen])
    return Scene(whom, at, lead, account, seen, beside, None, at)


def _seen(
    connection: sa.Connection,
    whom: Whom,
    lead: bytes | None,
    account: bytes | None,
    as_of: int,
    moment: int | None,
) -> FeatureVector:
    """With the CRM's own columns, which a model may read: now, or as known at a past moment."""
    seen = vector(*whom, lead, account, as_of)
    told = attributes_of(connection, [whom.lead_id], moment)
    seen.values.update(told.get(whom.lead_id, {}))
    return seen


def stand_in(
    scene: Scene, ruling: Ruling, *, strongest: bool = False, contributions: bool = False
) -> Standing:
    """Where the lead stands in this scene; while an experiment runs, by its arm."""
    [standing] = assess(
        ruling.loaded, [scene.vector], [scene.beside], [scene.band_before],
        strongest=strongest, contributions=contributions, known_to=scene.known_to,
    )  # fmt: skip
    return standing
