"""Who visits: people at companies of the world, whom the CRM knows by email from a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from demo.known import Fields
from demo.moments import draw, iso

_SIZES = ("200-499", "500-999", "1000-1999", "2000+")
_FIRST = ("Dana", "Robin", "Alex", "Sam", "Kim", "Jo", "Max", "Toni", "Lee", "Chris")


class Visitor(NamedTuple):
    """Somebody at a target company; all ids are the visitor's own."""

    first_name: str
    email: str
    user_id: str
    anonymous_id: str
    crm_id: str
    company: Fields

    @property
    def traits(self) -> Fields:
        return {
            "email": self.email,
            "first_name": self.first_name,
            "last_name": "Visitor",
            "title": "VP Finance",
            "seniority": "vp",
            "role": "vp_finance",
            "buyer_role": "economic_buyer",
        }


def visitors(seed: int, companies: Sequence[Fields], count: int) -> list[Visitor]:
    """`count` people, each at another company: the largest ones first, as a seller would wish."""
    ranked = sorted(companies, key=lambda one: (-_size(one), one["domain"]))
    return [_visitor(seed, company, at) for at, company in enumerate(ranked[:count])]


def _size(company: Fields) -> int:
    band = company["employee_band"]
    return _SIZES.index(band) if band in _SIZES else -1


def _visitor(seed: int, company: Fields, at: int) -> Visitor:
    own = f"{draw(seed, 'visitor', str(at)):016x}"
    first = _FIRST[at % len(_FIRST)]
    return Visitor(
        first_name=first,
        email=f"{first.lower()}.visitor.{own[:6]}@{company['domain']}",
        user_id=f"v-{own}",
        anonymous_id=f"{draw(seed, 'visitor device', str(at)):016x}",
        crm_id=f"contact-{own}",
        company=company,
    )


def introductions(people: Sequence[Visitor], at_ms: int) -> list[Fields]:
    """What the CRM knew of them at `at_ms` (milliseconds, UTC), for the historical door."""
    told = []
    for at, who in enumerate(people):
        external = {"id": who.crm_id, "type": "crm_lead_id"}
        created: Fields = {
            "type": "track",
            "event": "Lead Created",
            "userId": who.user_id,
            "properties": {"source": "bought_list", "channel": "sdr_outbound", "owner": "rep-1"},
            "context": {"externalIds": [external | {"collection": "users", "encoding": "none"}]},
        }
        named = {"type": "identify", "userId": who.user_id, "traits": who.traits}
        for step, call in enumerate((created, named)):
            told.append(
                call
                | {
                    "messageId": f"{who.crm_id}-{step}",
                    "timestamp": iso(at_ms + at * 2_000 + step * 1_000),
                }
            )
    return told
