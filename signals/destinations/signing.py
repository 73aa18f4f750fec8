"""Signatures as Standard Webhooks 1.0.0 defines them."""

from __future__ import annotations

import base64
import binascii
import hmac

PREFIX = "whsec_"


def read_secret(secret: str) -> bytes:
    """`whsec_<base64 of 24–64 bytes>` → the bytes. ValueError says what is wrong with it."""
    if not secret.startswith(PREFIX):
        raise ValueError(f"must begin with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as problem:
        raise ValueError(f"must be base64 behind {PREFIX}") from problem
    if not 24 <= len(key) <= 64:
        raise ValueError(f"must hold 24 to 64 bytes, not {len(key)}")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256 over {id}.{timestamp}.{body}>`; `timestamp` in Unix seconds."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def signature_header(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """One signature a key, separated by spaces: two while a secret rotates."""
    return " ".join(sign(key, message_id, timestamp, body) for key in keys)
