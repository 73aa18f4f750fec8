"""Pseudonyms and encryption."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import decrypt, encrypt, new_secret, pseudonym, sha256_hex, short_id


def test_a_pseudonym_needs_the_secret() -> None:
    """Without a key, a hash of an email is reversed by trying emails."""
    email = "vp@acme.example"

    assert pseudonym(b"a" * 32, email) == pseudonym(b"a" * 32, email)
    assert pseudonym(b"a" * 32, email) != pseudonym(b"b" * 32, email)
    assert sha256_hex(email).encode() not in pseudonym(b"a" * 32, email, 32)


def test_a_short_id_is_24_hex_characters() -> None:
    """Ids stand in URLs and keys: fixed and plain."""
    identity = short_id(b"a" * 32, "42")

    assert len(identity) == 24
    assert set(identity) <= set("0123456789abcdef")


@given(st.binary(max_size=200))
def test_what_was_encrypted_comes_back(plain: bytes) -> None:
    """Also nothing, and also bytes that are no text."""
    key = b"k" * 32

    assert decrypt(key, encrypt(key, plain)) == plain


def test_the_same_value_never_looks_the_same_twice() -> None:
    """Equal ciphertexts would tell who has the same email."""
    key = new_secret()

    assert encrypt(key, b"vp@acme.example") != encrypt(key, b"vp@acme.example")


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_noticed(at: int, change: int) -> None:
    """Damaged personal values must not be shown as if they were right."""
    key = b"k" * 32
    sealed = bytearray(encrypt(key, b"vp@acme.example"))
    sealed[at % len(sealed)] ^= change

    with pytest.raises(InvalidTag):
        decrypt(key, bytes(sealed))


def test_a_dropped_key_erases() -> None:
    """Erasure rests on it: another key opens nothing."""
    sealed = encrypt(new_secret(), b"vp@acme.example")

    with pytest.raises(InvalidTag):
        decrypt(new_secret(), sealed)
