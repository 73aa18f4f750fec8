"""What scores need to know of a lead besides its features: owner, domain, and the band before.

The record owns it. The worker writes it beside the lead's tiles in Redis, after each commit and
whenever it fills the store, so that a score call needs no look at the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa

from core.database import chunks
from events.identity.tables import LEAD
from serving.score.extra import extra_facts
from signals.bands import load as load_bands


class Beside(msgspec.Struct, frozen=True, array_like=True):
    """None is what nobody knows; no band before is that of a lead that never was decided on."""

    owner: str | None = None
    email_domain: str | None = None
    band: str | None = None

    @property
    def extra(self) -> dict[str, str | None]:
        """The facts that rules read."""
        return {"owner": self.owner, "email_domain": self.email_domain}


NOTHING = Beside()
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Beside).decode


def write_beside(one: Beside) -> bytes:
    """For Redis: no bytes where nothing is known."""
    return b"" if one == NOTHING else _encode(one)


def read_beside(told: bytes | None) -> Beside | None:
    """What Redis holds; None for bytes that are none of ours."""
    if not told:
        return NOTHING
    try:
        return _decode(told)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def recorded_beside(
    record: sa.Connection, lead_ids: Sequence[str], *, then: bool = False
) -> list[Beside]:
    """From the record, in order. The band of a past moment is not kept: `then` leaves it out."""
    states = {} if then else load_bands(record, lead_ids)
    bands = {lead_id: state.band for lead_id, state in states.items()}
    return [
        Beside(**extra, band=bands.get(lead_id))
        for lead_id, extra in zip(lead_ids, extra_facts(record, lead_ids), strict=True)
    ]


def beside_to_write(record: sa.Connection, lead_ids: Iterable[str]) -> dict[str, bytes]:
    """The same of those leads that nobody absorbed, from the record."""
    alive: list[str] = []
    for some in chunks(sorted(set(lead_ids))):
        wanted = sa.select(LEAD.c.lead_id).where(LEAD.c.lead_id.in_(some))
        alive += record.execute(wanted.where(LEAD.c.merged_into.is_(None))).scalars()
    told = recorded_beside(record, alive)
    return {lead_id: write_beside(one) for lead_id, one in zip(alive, told, strict=True)}
