"""Which company a lead belongs to: its group call says so, else its work email's domain."""

from __future__ import annotations

import msgspec

from core.crypto import short_id
from events.identity.domains import work_domain
from events.identity.graph import Lead
from events.types import Event, Move


class Membership(msgspec.Struct, frozen=True):
    """From `known_at` on the lead belonged to this account (None: to none)."""

    lead_id: str
    account_id: str | None
    known_at: int


class Accounts:
    """The accounts of one batch: `names` maps `group:…` and `domain:…` to account ids."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.names: dict[str, str] = {}
        self.new_names: dict[str, str] = {}
        self.founded: dict[str, int] = {}
        """Account id → when it became known."""
        self.moves: list[Membership] = []

    def names_of(self, event: Event) -> list[str]:
        """What an event may say of a company, for looking it up beforehand."""
        told = [f"group:{event.group_id}"] if event.group_id else []
        return [*told, *(f"domain:{domain}" for domain in _domains(event))]

    def settle(self, event: Event, lead: Lead) -> tuple[Move, ...]:
        """Puts the lead into the account that the event speaks for, if it speaks for one."""
        if event.group_id:
            account_id, by = self._by_group(event), "group"
        elif lead.account_id is None and (domain := work_domain(event.email)):
            account_id, by = self._named(f"domain:{domain}", event), "domain"
        else:
            return ()
        before = lead.account_id
        lead.account_by = by
        if account_id == before:
            return ()
        lead.account_id = account_id
        self.moves.append(Membership(lead.lead_id, account_id, lead.known_at))
        return (Move(lead_id=lead.lead_id, before=before, after=account_id),)

    def inherit(self, survivor: Lead, absorbed: Lead) -> str | None:
        """After a merge the absorbed lead leaves its account. The survivor takes it over if it has
        none, or if a group call named it and only a domain the survivor's. Returns the survivor's.
        """
        if absorbed.account_id is None:
            return survivor.account_id
        self.moves.append(Membership(absorbed.lead_id, None, absorbed.known_at))
        stronger = absorbed.account_by == "group" and survivor.account_by == "domain"
        if survivor.account_id is None or stronger:
            survivor.account_by = absorbed.account_by
            if survivor.account_id != absorbed.account_id:
                survivor.account_id = absorbed.account_id
                self.moves.append(
                    Membership(survivor.lead_id, absorbed.account_id, survivor.known_at)
                )
        absorbed.account_id = None
        return survivor.account_id

    def _by_group(self, event: Event) -> str:
        """A company is one whether its group call or a colleague's email came first."""
        name = f"group:{event.group_id}"
        domain = work_domain(str(event.company.get("domain") or event.company.get("website") or ""))
        known = self.names.get(name)
        if known is None and domain and (by_domain := self.names.get(f"domain:{domain}")):
            known = by_domain
            self._bind(name, known)
        account_id = known or self._named(name, event)
        if domain and f"domain:{domain}" not in self.names:
            self._bind(f"domain:{domain}", account_id)
        return account_id

    def _named(self, name: str, event: Event) -> str:
        known = self.names.get(name)
        if known is not None:
            return known
        account_id = short_id(self._secret, f"account:{event.offset}")
        self.founded[account_id] = event.known_at
        self._bind(name, account_id)
        return account_id

    def _bind(self, name: str, account_id: str) -> None:
        self.names[name] = self.new_names[name] = account_id


def _domains(event: Event) -> list[str]:
    told = [event.email, *(event.company.get(name) for name in ("domain", "website"))]
    return [domain for one in told if isinstance(one, str) and (domain := work_domain(one))]
