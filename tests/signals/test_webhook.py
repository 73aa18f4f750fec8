"""Webhooks over real HTTP, verified by the standard's own package."""

from __future__ import annotations

import base64
import os
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from signal_fakes import receiving
from standardwebhooks.webhooks import Webhook as Verifier

from core.clock import to_datetime
from core.errors import DefinitionError
from core.settings import Destination, Signals
from signals.destinations.addresses import is_public
from signals.destinations.attempt import Message, Outcome
from signals.destinations.post import Poster, retry_after
from signals.destinations.signing import read_secret, sign
from signals.destinations.table import fingerprint, make_destinations
from signals.destinations.webhook import Webhook

MESSAGE = Message("signal-1", b'{"id":"signal-1","type":"lead.hot"}')


def secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


def send(receiver, *secrets, path="/hook", allow_private=True):
    poster = Poster(receiver.url + path, 5.0, allow_private)
    keys = [read_secret(each) for each in secrets or (secret(),)]
    return Webhook(poster, keys).send(MESSAGE, time.time_ns() // 1000)


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


def test_the_signature_is_that_of_the_standard():
    """The vector that the standard publishes."""
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_receivers_can_verify_with_the_old_and_the_new_secret(receiver):
    """A secret rotates without a moment in which one side refuses the other."""
    new, old = secret(), secret()
    attempt = send(receiver, new, old)
    [request] = receiver.requests
    assert attempt.outcome is Outcome.DELIVERED
    for each in (new, old):
        assert Verifier(each).verify(request.body, request.headers)["id"] == "signal-1"
    assert request.body == MESSAGE.body


def test_each_try_has_the_same_id_and_a_time_of_its_own(receiver):
    """Receivers drop repeats by id and old requests by time."""
    poster, keys = Poster(receiver.url, 5.0, allow_private=True), [read_secret(secret())]
    for at in (1_000_000, 9_999_999):
        Webhook(poster, keys).send(MESSAGE, at)
    told = [(item.headers["webhook-id"], item.headers["webhook-timestamp"])
            for item in receiver.requests]  # fmt: skip
    assert told == [("signal-1", "1"), ("signal-1", "9")]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (204, Outcome.DELIVERED),
        (301, Outcome.FAILED),
        (400, Outcome.FAILED),
        (410, Outcome.GONE),
        (429, Outcome.SLOW_DOWN),
        (500, Outcome.FAILED),
        (502, Outcome.SLOW_DOWN),
        (504, Outcome.SLOW_DOWN),
    ],
)
def test_each_answer_means_what_the_standard_says(receiver, status, outcome):
    """2xx is success, 410 the end, the rest another try."""
    headers = {"retry-after": "7"}
    receiver.answers.append((status, headers))
    attempt = send(receiver)
    assert (attempt.outcome, attempt.status) == (outcome, status)
    assert attempt.retry_after_s == (None if outcome in {Outcome.DELIVERED, Outcome.GONE} else 7)


def test_a_redirect_is_not_followed(receiver):
    """It could lead into our own network, with the signed body in hand."""
    receiver.answers.append((302, {"location": receiver.url + "/elsewhere"}))
    assert send(receiver).outcome is Outcome.FAILED
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_private_addresses_are_refused_before_anything_is_sent(receiver):
    """Whoever may name a URL must not reach what stands behind our firewall."""
    attempt = send(receiver, allow_private=False)
    assert attempt.outcome is Outcome.FAILED
    assert "127.0.0.1, which is not public" in attempt.error
    assert receiver.requests == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "::1", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "2002:a00:1::",
        "64:ff9b::a9fe:a9fe", "::",
    ],
)  # fmt: skip
def test_no_spelling_of_a_private_address_is_public(address):
    """IPv6 has many ways to write an IPv4 address."""
    assert not is_public(address)


def test_public_addresses_are_public():
    """The other half of the same claim."""
    assert is_public("8.8.8.8")
    assert is_public("2606:4700::1111")


def test_a_receiver_that_is_not_there_is_a_failed_attempt():
    """Trouble of the network is a value, never an exception."""
    with receiving() as gone:
        pass
    attempt = send(gone)
    assert (attempt.outcome, attempt.status) == (Outcome.FAILED, None)
    assert "refused" in attempt.error


def test_an_unknown_host_is_a_failed_attempt():
    """So is a name that leads nowhere."""
    poster = Poster("http://nobody.invalid/hook", 1.0, allow_private=False)
    assert poster.post(b"{}", {}, 0).status is None


@pytest.mark.parametrize("name", ["localhost", "elsewhere.test"])
def test_tls_proves_the_name_although_the_address_is_fixed(tmp_path, monkeypatch, name):
    """We connect to the address that was checked, yet only its certificate's name gets the body."""
    certificate = write_certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with receiving(certificate) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        answer = Poster(url, 5.0, allow_private=True).post(b"{}", {}, 0)
    assert (answer.status == 200) == (name == "localhost")
    assert len(receiver.requests) == (name == "localhost")


def write_certificate(folder, name):
    """A key and a certificate that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    written = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(written + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_retry_after_is_seconds_or_a_date():
    """RFC 9110 allows both; nonsense counts as absent."""
    at = 1_764_000_000_000_000
    date = format_datetime(to_datetime(at + 90_000_000), usegmt=True)
    told = [retry_after(header, at) for header in ("120", date, "-5", "soon", "inf", None)]
    assert told == [120.0, 90.0, 0.0, None, None, None]


def test_all_that_is_declared_wrongly_is_told_at_once():
    """One start, one list of what to correct."""
    settings = Signals(
        destinations={
            "webhook:a": Destination(kind="webhook", url="ftp://x"),
            "webhook:b": Destination(kind="webhook", url="https://x.test", secret="plain"),
            "webhook:c": Destination(kind="webhook", url="https://x.test", secret="whsec_AAAA"),
            "slack:d": Destination(kind="slack"),
        }
    )
    with pytest.raises(DefinitionError) as raised:
        make_destinations(settings)
    assert [problem.path for problem in raised.value.problems] == [
        "signals.destinations.webhook:a.url",
        "signals.destinations.webhook:a.secret",
        "signals.destinations.webhook:b.secret",
        "signals.destinations.webhook:c.secret",
        "signals.destinations.slack:d.url",
    ]


def test_a_new_address_or_secret_changes_the_fingerprint():
    """By it a destination that was switched off is known to be another one."""
    declared = Destination(kind="webhook", url="https://x.test", secret=secret())
    moved = declared.model_copy(update={"url": "https://y.test"})
    assert fingerprint(declared) == fingerprint(declared.model_copy())
    assert fingerprint(declared) != fingerprint(moved)
