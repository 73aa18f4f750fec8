"""Which key a request shows, and whether it may do what it asks."""

from __future__ import annotations

import base64

from starlette.requests import Request

from core.errors import Forbidden
from serving.keys import ApiKey, KeyKind, KeyRing, Scope


def shown_key(request: Request) -> str | None:
    """The key of the Authorization header: Basic (as user name) or Bearer."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return rest.strip() or None
        case "basic":
            return _basic(rest.strip())
        case _:
            return None


def _basic(told: str) -> str | None:
    try:
        pair = base64.b64decode(told, validate=True).decode()
    except ValueError:  # no base64, or not of text
        return None
    return pair.partition(":")[0] or None


def admit(ring: KeyRing, key: str | None, least: KeyKind) -> ApiKey:
    """The valid key. Forbidden when there is none, or when its kind is not enough."""
    if key is None:
        raise Forbidden(
            "no key was sent", do="send one as `Authorization: Basic base64(key:)` or `Bearer key`"
        )
    found = ring.find(key)
    if found is None:
        raise Forbidden("the key is unknown, revoked or expired", do="leadline keys list shows all")
    if least is KeyKind.SECRET and found.kind is not KeyKind.SECRET:
        raise Forbidden("a write key sends events and nothing else", do="use a secret key here")
    return found


def allow(key: ApiKey, scope: Scope) -> None:
    """Forbidden when the key was made without this scope."""
    if scope not in key.scopes:
        raise Forbidden(
            f"the key {key.id} lacks the scope {scope}",
            do=f"make one with `leadline keys create --kind secret --scope {scope}`",
        )
