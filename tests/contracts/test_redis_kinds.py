"""Redis as others run it: a cluster, behind TLS, with passwords that need quoting.

The embedded server's build knows no TLS, so a proxy of the test's own ends it in front of that.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.clock import DAY, SECOND, SystemClock
from core.connections import cluster_url, connect_redis
from core.database import open_record
from core.installation import Installation
from events.identity.graph import key_of
from events.identity.index import IdentifierIndex, place_of
from events.types import Identifier, IdentifierKind
from features.definitions import Entity
from features.feast_store import apply, connection_string, open_store
from features.online import OnlineStore
from features.record import TileRow
from features.tiles import Tiles, encode
from serving.running.embedded import free_port, server_program

NOW = SystemClock().now()
PASSWORD = 'a,b=c d"%7'
BLOB = encode(Tiles(ever={1: 7}))


class Server:
    """A real one with own arguments; `stop` ends it."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        command = [str(server_program()), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", *arguments]
        self._child = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def wait(self, client: redis.Redis) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                client.ping()
            except redis.RedisError:
                assert self._child.poll() is None, "the server stopped"
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait(10)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """URL of a cluster of one node that holds all slots."""
    server = Server(
        "--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--dir", str(tmp_path)
    )
    try:
        node = connect_redis(f"redis://127.0.0.1:{server.port}", timeout_s=2.0)
        server.wait(node)
        node.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        while b"cluster_state:ok" not in node.execute_command("CLUSTER", "INFO"):
            time.sleep(0.02)
        yield cluster_url(f"redis://127.0.0.1:{server.port}")
    finally:
        server.stop()


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[str]:
    """URL of a server with a password behind TLS, with the certificate that vouches for it."""
    server = Server("--requirepass", PASSWORD)
    try:
        server.wait(redis.Redis("127.0.0.1", server.port, password=PASSWORD))
        port = _tls_in_front(server.port, _certificate(tmp_path))
        place = f"127.0.0.1:{port}/0?ssl_ca_certs={tmp_path}/ca.pem"
        yield f"rediss://:{quote(PASSWORD, safe='')}@{place}"
    finally:
        server.stop()


def _certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis under test")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def _tls_in_front(port: int, context: ssl.SSLContext) -> int:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            plain, _ = listening.accept()
            threading.Thread(target=_join, args=(plain, port, context), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return int(listening.getsockname()[1])


def _join(plain: socket.socket, port: int, context: ssl.SSLContext) -> None:
    try:
        outer = context.wrap_socket(plain, server_side=True)
    except OSError:
        return
    inner = socket.create_connection(("127.0.0.1", port))
    threading.Thread(target=_pump, args=(inner, outer), daemon=True).start()
    _pump(outer, inner)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65_536):
            sink.sendall(piece)
    except OSError:
        return
    finally:
        sink.close()


@pytest.fixture(params=["cluster", "secured"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def rows(known_at: int = NOW) -> list[TileRow]:
    leads = [TileRow(Entity.LEAD, f"lead-{at}", known_at, known_at, 1, BLOB) for at in range(20)]
    return [*leads, TileRow(Entity.ACCOUNT, "acme", known_at, known_at, 1, BLOB)]


def test_tiles_are_written_and_read_over_many_slots(url: str) -> None:
    """A pipeline's keys live on different nodes; the order of the answers must be ours."""
    store = OnlineStore(connect_redis(url, timeout_s=2.0))
    store.write([*rows(), TileRow(Entity.LEAD, "lead-3", NOW, NOW, 2, b"")])

    found = store.read([(f"lead-{at}", "acme") for at in range(5)])

    assert [lead is not None for lead, _ in found] == [True, True, True, False, True]
    assert all(account is not None for _, account in found)


def test_feast_reads_the_same_bytes(url: str, tmp_path: Path) -> None:
    """It stays the reader of record, whatever kind of Redis the settings name."""
    OnlineStore(connect_redis(url, timeout_s=2.0)).write(rows())
    installation = Installation(tmp_path / "data").create()
    apply(installation)

    told = open_store(installation, url, timeout_s=2.0).get_online_features(
        features=["lead_tiles:tiles"], entity_rows=[{"lead_id": "lead-1"}]
    )

    assert told.to_dict()["tiles"] == [BLOB]


def test_identifiers_are_found_over_many_slots(url: str, tmp_path: Path) -> None:
    """A cluster refuses one command for keys of several slots."""
    engine = open_record(tmp_path / "record.db")
    secret = b"s" * 32
    people = [Identifier(IdentifierKind.USER_ID, f"user-{at}") for at in range(20)]
    client = connect_redis(url, timeout_s=2.0)
    for at, one in enumerate(people):
        told = bytes.fromhex(f"{at:024x}" + ("ab" * 12 if at % 2 else ""))
        client.hset(*place_of(key_of(secret, one)), told)

    found = IdentifierIndex(client, engine, secret).find(people)

    assert found == [(f"{at:024x}", "ab" * 12 if at % 2 else None) for at in range(20)]


def test_a_certificate_that_nobody_vouches_for_is_refused(secured: str) -> None:
    """Else anybody between us and the server could read along."""
    client = connect_redis(secured.split("?", maxsplit=1)[0], timeout_s=2.0)

    with pytest.raises(redis.RedisError):
        client.ping()


def test_a_secret_of_any_shape_reaches_feast(redis_server: str) -> None:
    """Its connection string is parted at commas, and a number in it would become a number."""
    from feast.infra.online_stores.redis import RedisOnlineStore

    for secret in (PASSWORD, "12345", "null", "ümlaut", "a,b,c"):
        text = connection_string(f"rediss://me:{quote(secret, safe='')}@host:7/2", 0.5)
        nodes, told = RedisOnlineStore._parse_connection_string(text)

        assert nodes == [{"host": "host", "port": "7"}]
        assert (told["password"], told["username"], told["db"]) == (secret, "me", 2)
        assert told["ssl"] is True


def test_dead_leads_leave_the_online_store(redis_client: redis.Redis) -> None:
    """Memory is for who is alive; an event later brings a lead back for as long again."""
    store = OnlineStore(redis_client, expire_days=30)
    dead = TileRow(Entity.LEAD, "dead", NOW - 31 * DAY, NOW, 1, BLOB)
    alive = TileRow(Entity.LEAD, "alive", NOW - 29 * DAY, NOW, 1, BLOB)

    store.write([dead, alive])

    assert [lead is not None for lead, _ in store.read([("dead", None), ("alive", None)])] == [
        False,
        True,
    ]
    (left,) = redis_client.scan_iter()
    assert 0 < redis_client.ttl(left) <= DAY // SECOND
    store.write([TileRow(Entity.LEAD, "dead", NOW, NOW, 2, BLOB)])
    assert store.read([("dead", None)])[0][0] is not None
