"""What an email address alone tells: a company's or a free one."""

from __future__ import annotations

from events.identity.domains import email_kind
from events.types import MatchedEvent


def mail_facts(matched: MatchedEvent) -> tuple[dict[str, str], dict[str, str]]:
    kind = email_kind(matched.event.email)
    return ({"email_kind": kind} if kind else {}), {}
