"""What in a message points to a person, in its normal form, strongest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.crypto import sha256_hex
from core.errors import Problem
from core.settings import Identity
from events.types import Identifier, IdentifierKind

LONGEST = 256
CRM_LEAD = "crm_lead_id"

_BLANK = re.compile(r"^[0-]*$")
_HASHED = re.compile(r"^[0-9a-f]{64}$")
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$")

NAMING = frozenset({"form_submitted", "chat_started", "signed_up", "lead_created"})
"""Events in which people name themselves. An email elsewhere may be somebody else's: an invited
colleague's, say."""


def email_of(name: str, traits: Mapping[str, Any], properties: Mapping[str, Any]) -> str | None:
    """The person's email (lower case) or its SHA-256 in hex; None if there is no sound one."""
    for holder in (traits, properties) if name in NAMING else (traits,):
        for key in ("email", "email_sha256"):
            told = holder.get(key)
            if isinstance(told, str) and (normal := normal_email(told)):
                return normal
    return None


def normal_email(told: str) -> str | None:
    """Trimmed and lower case; a SHA-256 in hex passes; None for what is no email."""
    normal = told.strip().lower()
    if len(normal) > LONGEST:
        return None
    return normal if _HASHED.match(normal) or _EMAIL.match(normal) else None


def email_identifier(normal: str) -> Identifier:
    """A clear and a hashed email of one person are the same identifier."""
    hashed = normal if _HASHED.match(normal) else sha256_hex(normal)
    return Identifier(IdentifierKind.EMAIL, hashed)


def is_hashed(normal: str) -> bool:
    return bool(_HASHED.match(normal))


def identifiers_of(
    message: Mapping[str, Any],
    context: Mapping[str, Any],
    email: str | None,
    identity: Identity,
    problems: list[Problem],
) -> tuple[Identifier, ...]:
    """All identifiers of a message, each once. None at all is a problem."""
    found = [
        Identifier(IdentifierKind.USER_ID, _id(message, "userId", identity, problems)),
        email_identifier(email) if email else Identifier(IdentifierKind.EMAIL, ""),
        *_external(context, problems),
        Identifier(IdentifierKind.ANONYMOUS_ID, _id(message, "anonymousId", identity, problems)),
        Identifier(IdentifierKind.ANONYMOUS_ID, _id(message, "previousId", identity, problems)),
    ]
    told = tuple(dict.fromkeys(one for one in found if one.value))
    if not told and not problems:
        problems.append(
            Problem("userId", "no identifier: give userId, anonymousId, an email or an external id")
        )
    return told


def _id(message: Mapping[str, Any], name: str, identity: Identity, problems: list[Problem]) -> str:
    value = message.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        problems.append(Problem(name, "is neither a text nor a whole number"))
        return ""
    told = str(value).strip()
    if len(told) > LONGEST:
        problems.append(Problem(name, f"is longer than {LONGEST} characters"))
        return ""
    # Values that thousands of people share would melt them into one: Segment blocks them as well.
    return "" if _BLANK.match(told) or told.lower() in identity.blocked else told


def _external(context: Mapping[str, Any], problems: list[Problem]) -> list[Identifier]:
    told = context.get("externalIds")
    if told is None:
        return []
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        problems.append(Problem("context.externalIds", "is no list of objects"))
        return []
    found = []
    for one in told:
        kind, value = one.get("type"), one.get("id")
        if (
            isinstance(kind, str)
            and isinstance(value, str | int)
            and 0 < len(str(value)) <= LONGEST
        ):
            name = str(value) if kind == CRM_LEAD else f"{kind}:{value}"
            found.append(Identifier(IdentifierKind.CRM_ID, name))
    return found
