"""TLS of the api: certificate and key are examined before anything listens, all faults at once."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from core.clock import SECOND
from core.errors import Problem, StartError
from core.settings import Api

_DO = (
    "let api.tls_certificate and api.tls_key name one certificate (PEM, with its chain) and its key"
)


def context_of(api: Api, now: int) -> ssl.SSLContext | None:
    """What the api's door is wrapped in: TLS 1.3 and nothing older; None where no TLS is set.

    `now` in microseconds, UTC. StartError names everything that is wrong with the two files.
    """
    if api.tls_certificate is None and api.tls_key is None:
        return None
    if problems := faults(api, now):
        raise StartError("the api cannot serve TLS", problems=problems, do=_DO)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(str(api.tls_certificate), str(api.tls_key))
    except (OSError, ssl.SSLError) as wrong:
        problem = Problem(str(api.tls_certificate), f"OpenSSL refuses it: {wrong}")
        raise StartError("the api cannot serve TLS", problems=[problem], do=_DO) from wrong
    return context


def faults(api: Api, now: int) -> list[Problem]:
    """What is wrong with certificate and key at a moment; nothing where no TLS is set."""
    if api.tls_certificate is None and api.tls_key is None:
        return []
    problems: list[Problem] = []
    chain = _chain("api.tls_certificate", api.tls_certificate, problems)
    key = _key("api.tls_key", api.tls_key, problems)
    problems += _out_of_date(api.tls_certificate, chain, now)
    if chain and key is not None and _public(chain[0].public_key()) != _public(key.public_key()):
        told = f"is not the key of the first certificate in {api.tls_certificate}"
        problems.append(Problem(str(api.tls_key), told))
    return problems


def ends_at(api: Api) -> int | None:
    """The moment from which the certificate is no longer valid; None without a readable one."""
    chain = _chain("", api.tls_certificate, [])
    return min(map(_end, chain)) if chain else None


def _chain(setting: str, file: Path | None, problems: list[Problem]) -> list[x509.Certificate]:
    body = _read(setting, file, problems)
    if body is None:
        return []
    try:
        return x509.load_pem_x509_certificates(body)
    except ValueError:
        problems.append(Problem(str(file), "holds no certificate in PEM"))
        return []


def _key(setting: str, file: Path | None, problems: list[Problem]) -> PrivateKeyTypes | None:
    body = _read(setting, file, problems)
    if body is None:
        return None
    try:
        return load_pem_private_key(body, password=None)
    except TypeError:
        told = "is locked with a passphrase; the api starts alone and needs it unlocked"
        problems.append(Problem(str(file), told))
    except ValueError:
        problems.append(Problem(str(file), "holds no private key in PEM"))
    return None


def _read(setting: str, file: Path | None, problems: list[Problem]) -> bytes | None:
    if file is None:
        problems.append(Problem(setting, "is not set; TLS needs a certificate and its key"))
        return None
    try:
        return file.read_bytes()
    except OSError as wrong:
        problems.append(Problem(str(file), f"cannot be read: {wrong.strerror or wrong}"))
        return None


def _out_of_date(file: Path | None, chain: list[x509.Certificate], now: int) -> list[Problem]:
    problems = []
    for place, one in enumerate(chain, start=1):
        name = f"certificate {place} of {len(chain)}"
        if _end(one) <= now:
            told = f"{name} expired on {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
            problems.append(Problem(str(file), told))
        if _micros(one.not_valid_before_utc) > now:
            told = f"{name} is valid only from {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on"
            problems.append(Problem(str(file), told))
    return problems


def _end(one: x509.Certificate) -> int:
    return _micros(one.not_valid_after_utc)


def _micros(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp()) * SECOND


def _public(key: PublicKeyTypes) -> bytes:
    """Keys of all kinds compare by what they publish."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
