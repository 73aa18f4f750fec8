"""Keyed pseudonyms, random secrets, and encryption of what belongs to one person."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12


def pseudonym(secret: bytes, text: str, size: int = 16) -> bytes:
    """HMAC-SHA256(secret, text), cut to `size` bytes: the only form in which identifiers are keys.

    An unkeyed hash of an email is reversed in milliseconds; this is not, without the secret.
    """
    return hmac.digest(secret, text.encode(), "sha256")[:size]


def short_id(secret: bytes, text: str) -> str:
    """A stable opaque id of 24 hex characters."""
    return pseudonym(secret, text, 12).hex()


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def new_secret(size: int = 32) -> bytes:
    return secrets.token_bytes(size)


def encrypt(key: bytes, plain: bytes) -> bytes:
    """AES-256-GCM; the nonce stands in front."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def decrypt(key: bytes, sealed: bytes) -> bytes:
    """Raises `cryptography.exceptions.InvalidTag` when key or bytes are not the right ones."""
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
