"""Who the world's leads and accounts are here: made-up names, emails, devices and companies.

Everything derives from the seed by a hash: the same world is the same people, and no id posted
tells its place in the world's tables. Company domains end in `.example`, which nobody can own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from demo.moments import draw

DEVICES = 2
"""A person browses on so many devices; each has one anonymous id."""

_FIRST = (
    "Ada", "Alan", "Amara", "Ben", "Carla", "Chloe", "Dario", "Dina", "Elena", "Emil", "Farah",
    "Felix", "Grace", "Hugo", "Ines", "Ivan", "Jonas", "Julia", "Kai", "Lena", "Liam", "Maya",
    "Mina", "Noah", "Nora", "Omar", "Paula", "Priya", "Ruben", "Sara", "Tariq", "Zoe",
)  # fmt: skip
_LAST = (
    "Adler", "Bauer", "Bishop", "Carter", "Costa", "Dalton", "Diaz", "Evans", "Fischer", "Grant",
    "Haas", "Hughes", "Ito", "Jensen", "Kaya", "Keller", "Khan", "Lopez", "Marsh", "Meyer",
    "Novak", "Okafor", "Patel", "Quinn", "Reed", "Rossi", "Singh", "Stone", "Tanaka", "Vogel",
    "Weber", "Young",
)  # fmt: skip
_COLOUR = (
    "Amber", "Ashen", "Azure", "Bold", "Bright", "Cedar", "Clear", "Copper", "Crown", "Delta",
    "Ember", "Fern", "Grand", "Granite", "Green", "High", "Iron", "Ivory", "Jade", "Maple",
    "North", "Oak", "Prime", "Quiet", "Red", "Silver", "South", "Stone", "Swift", "True", "West",
    "White",
)  # fmt: skip
_PLACE = (
    "bay", "bridge", "brook", "cliff", "coast", "creek", "dale", "falls", "field", "ford",
    "forest", "gate", "glen", "grove", "harbor", "haven", "hill", "isle", "lake", "land", "mark",
    "mill", "mont", "peak", "point", "port", "ridge", "river", "shore", "stead", "vale", "wood",
)  # fmt: skip
_TRADE = {
    "logistics": ("Cargo", "Freight", "Logistics", "Lines"),
    "manufacturing": ("Industries", "Tools", "Works", "Metals"),
    "professional_services": ("Advisory", "Consulting", "Partners", "Associates"),
    "healthcare_non_clinical": ("Care", "Health", "Medical", "Wellness"),
}
_OTHER_TRADE = ("Company", "Group", "Holding", "Trading")
_FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "icloud.com", "hotmail.com")


class Company(NamedTuple):
    group_id: str
    name: str
    domain: str


class Person(NamedTuple):
    user_id: str
    first_name: str
    last_name: str
    email: str | None
    devices: tuple[str, ...]
    """Anonymous ids."""


def companies(seed: int, accounts: Iterable[Mapping[str, Any]]) -> dict[str, Company]:
    """Account id → a company with a name and a domain that no other one of the world has."""
    made: dict[str, Company] = {}
    taken: set[str] = set()
    for account in accounts:
        key, attempt = account["account_id"], 0
        while (name := _company_name(seed, key, account["industry"], attempt)) in taken:
            attempt += 1
        taken.add(name)
        domain = name.lower().replace(" ", "") + ".example"
        made[key] = Company(f"org-{draw(seed, 'group', key):016x}", name, domain)
    return made


def _company_name(seed: int, account_id: str, industry: str, attempt: int) -> str:
    drawn = draw(seed, "company", account_id, str(attempt))
    trades = _TRADE.get(industry, _OTHER_TRADE)
    colour = _COLOUR[drawn % 32]
    place = _PLACE[drawn // 32 % 32]
    trade = trades[drawn // 1024 % len(trades)]
    number = f" {drawn // 4096 % 1000}" if attempt > 9 else ""  # a world with more than 4,000 of it
    return f"{colour}{place} {trade}{number}"


def person(seed: int, lead_id: str, contact_id: str, mail: str, company: Company) -> Person:
    """One lead is one person: names come from the contact, ids and email from the lead.

    `mail` is the contact's kind of address: corporate, personal, or unknown (no email).
    """
    named = draw(seed, "name", contact_id)
    first, last = _FIRST[named % 32], _LAST[named // 32 % 32]
    own = draw(seed, "lead", lead_id)
    return Person(
        user_id=f"u-{own:016x}",
        first_name=first,
        last_name=last,
        email=_email(seed, lead_id, mail, f"{first}.{last}".lower(), company),
        devices=tuple(f"{draw(seed, 'device', lead_id, str(n)):016x}" for n in range(DEVICES)),
    )


def _email(seed: int, lead_id: str, mail: str, name: str, company: Company) -> str | None:
    if mail == "unknown":
        return None
    drawn = draw(seed, "email", lead_id)
    domain = _FREE_MAIL[drawn % len(_FREE_MAIL)] if mail == "personal" else company.domain
    return f"{name}.{drawn:016x}"[: len(name) + 9] + f"@{domain}"
