"""TLS by setting: 1.3 and nothing older, and every fault of the two files told before the start."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from cli import run
from core.clock import DAY, SECOND, SystemClock
from core.errors import StartError
from core.installation import Installation
from core.settings import Api
from serving.running.embedded import free_port
from serving.running.renewal import Renewal
from serving.running.tls import context_of, ends_at, faults
from tests.serving.certificates import write_pair

NOW = SystemClock().now()


def api_of(certificate: Path | None, key: Path | None = None) -> Api:
    """Of a pair's folder, or of two files."""
    if certificate is not None and certificate.is_dir():
        return Api(tls_certificate=certificate / "cert.pem", tls_key=certificate / "key.pem")
    return Api(tls_certificate=certificate, tls_key=key)


def told(api: Api, now: int = NOW) -> list[str]:
    return [str(one) for one in faults(api, now)]


def test_a_good_pair_is_served_with_1_3_and_nothing_older(tmp_path: Path) -> None:
    """And without a setting there is plain HTTP."""
    context = context_of(api_of(write_pair(tmp_path)), NOW)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context_of(Api(), NOW) is None
    assert told(Api()) == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """One round of corrections: no file there, and no key set."""
    api = api_of(tmp_path / "none.pem")
    with pytest.raises(StartError) as refused:
        context_of(api, NOW)
    assert [str(one) for one in refused.value.problems] == [
        f"{tmp_path}/none.pem: cannot be read: No such file or directory",
        "api.tls_key: is not set; TLS needs a certificate and its key",
    ]
    assert "api.tls_certificate" in refused.value.do
    assert refused.value.exit_code == 2


def test_each_fault_of_the_files_is_named(tmp_path: Path) -> None:
    """What, in which file: an operator finds it in the middle of the night."""
    one, other = write_pair(tmp_path / "one"), write_pair(tmp_path / "other")
    locked = write_pair(tmp_path / "locked", lock="secret")
    late, early = write_pair(tmp_path / "late", ends=0), write_pair(tmp_path / "early", begins=2)
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear operator")
    for api, words in (
        (api_of(one / "cert.pem", other / "key.pem"), "is not the key of the first certificate"),
        (api_of(one / "key.pem", one / "key.pem"), "holds no certificate in PEM"),
        (api_of(one / "cert.pem", letter), "holds no private key in PEM"),
        (api_of(locked), "is locked with a passphrase"),
        (api_of(late), "expired on"),
        (api_of(early), "is valid only from"),
        (api_of(tmp_path, one / "key.pem"), "cannot be read"),
    ):
        found = told(api, SystemClock().now() + SECOND)
        assert any(words in line for line in found), (words, found)


def test_when_a_certificate_ends_is_known(tmp_path: Path) -> None:
    """The doctor warns before the customers do."""
    api = api_of(write_pair(tmp_path, ends=90))
    end = ends_at(api)
    assert end is not None
    assert 89 * DAY < end - NOW < 91 * DAY
    assert told(api, end) != []
    assert ends_at(Api()) is None


@pytest.mark.parametrize(("days", "state"), [(3, "note"), (90, "ok"), (0, "wrong")])
def test_the_doctor_looks_at_the_certificate(
    installation: Installation, capsys: pytest.CaptureFixture[str], days: int, state: str
) -> None:
    """Expired, soon to be renewed, or good."""
    pair = write_pair(installation.root / "tls", ends=days)
    installation.settings_file.write_text(
        f"api: {{tls_certificate: {pair}/cert.pem, tls_key: {pair}/key.pem}}"
    )
    run(["doctor", "--json", "--data", str(installation.root)])
    findings = {one["subject"]: one for one in json.loads(capsys.readouterr().out)}
    assert findings["tls"]["state"] == state, findings["tls"]


def test_the_api_answers_1_3_and_refuses_1_2(installation: Installation) -> None:
    """By real handshakes with a process of its own; and the doctor finds it there."""
    pair = write_pair(installation.root / "tls")
    port = free_port()
    told = {
        "LEADLINE__REDIS__URL": f"redis://127.0.0.1:{free_port()}",
        "LEADLINE__API__TLS_CERTIFICATE": str(pair / "cert.pem"),
        "LEADLINE__API__TLS_KEY": str(pair / "key.pem"),
    }
    data = ["--data", str(installation.root)]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "api", "--port", str(port), *data],
        env={**os.environ, **told},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = f"https://127.0.0.1:{port}"
        _await(process, url, pair)
        assert "TLSv1.3" in _versions(url, pair)
        with pytest.raises(httpx.ConnectError):
            _get(url, pair, most=ssl.TLSVersion.TLSv1_2)
        doctor = [sys.executable, "-m", "cli", "doctor", "--json", *data]
        found = json.loads(subprocess.run(doctor, capture_output=True, check=False).stdout)
        assert f"ready at {url}" in [one["told"] for one in found]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _context(pair: Path, most: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(pair / "cert.pem"))
    context.maximum_version = most
    return context


def _get(url: str, pair: Path, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> httpx.Response:
    return httpx.get(f"{url}/livez", verify=_context(pair, most))


def _versions(url: str, pair: Path) -> str:
    """The version that was agreed on."""
    with (
        httpx.Client(verify=_context(pair, ssl.TLSVersion.TLSv1_3)) as client,
        client.stream("GET", f"{url}/livez") as answer,
    ):
        assert answer.status_code == 200
        wire = answer.extensions["network_stream"].get_extra_info("ssl_object")
        return str(wire.version())


def _await(process: subprocess.Popen[str], url: str, pair: Path) -> None:
    for _ in range(1_200):
        assert process.poll() is None, process.communicate()[1]
        try:
            if _get(url, pair).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the api never answered")


def _served(context: ssl.SSLContext) -> bytes:
    """The certificate that the next connection is shown."""
    with socket.create_server(("127.0.0.1", 0)) as door, ThreadPoolExecutor(1) as threads:

        def answer() -> None:
            wire, _ = door.accept()
            with context.wrap_socket(wire, server_side=True) as talked:
                talked.recv(1)

        answering = threads.submit(answer)
        anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(door.getsockname()[:2]) as wire,
            anybody.wrap_socket(wire) as talked,
        ):
            told = talked.getpeercert(binary_form=True)
            talked.sendall(b"x")
        answering.result(30)
    assert told is not None
    return told


def test_a_renewed_certificate_is_served_without_a_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They end every few weeks; a half of a renewal, or a wrong one, changes nothing."""
    pair, other = write_pair(tmp_path / "pair"), write_pair(tmp_path / "other")
    api = api_of(pair)
    context = context_of(api, NOW)
    assert context is not None
    renewal = Renewal(context, api, SystemClock())
    first = _served(context)
    renewal.look()
    assert _served(context) == first
    (other / "cert.pem").rename(pair / "cert.pem")
    renewal.look()
    assert _served(context) == first
    assert "the certificate stays as it was" in caplog.text
    (other / "key.pem").rename(pair / "key.pem")
    renewal.look()
    assert _served(context) not in {first, b""}
    (pair / "key.pem").unlink()
    renewal.look()
    assert "cannot be read" in caplog.text
