"""One HTTP POST: to the checked address, without redirects or proxies, no step without a limit."""

from __future__ import annotations

import email.utils
import math
from collections.abc import Mapping

import httpx
import msgspec

from core.clock import SECOND, from_datetime
from signals.destinations.addresses import resolve

READ_LIMIT = 4_096
"""Of an answer no more is read: it is only told to the operator."""


class Answer(msgspec.Struct, frozen=True):
    """What came back. `status` is None, and `text` says why, when nothing did."""

    status: int | None
    text: str
    retry_after_s: float | None = None


class Poster:
    """Posts to one URL over a connection that is kept open. Not for several threads at once."""

    def __init__(self, url: str, timeout_s: float, allow_private: bool) -> None:
        self._url = httpx.URL(url)
        self._allow_private = allow_private
        self._headers = {"host": self._url.netloc.decode(), "accept-encoding": "identity"}
        # No proxy of the environment: it would connect for us to what was not checked. A company's
        # own certificates (SSL_CERT_FILE) do count.
        self._client = httpx.Client(
            verify=httpx.create_ssl_context(),
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    def post(self, body: bytes, headers: Mapping[str, str], at: int) -> Answer:
        """Never raises for what the network or the receiver does. `at`: now, microseconds, UTC."""
        try:
            with self._client.stream(
                "POST",
                self._checked_url(),
                content=body,
                headers={**self._headers, **headers},
                # TLS still proves the name, not the address.
                extensions={"sni_hostname": self._url.host},
            ) as response:
                wait = retry_after(response.headers.get("retry-after"), at)
                return Answer(response.status_code, _beginning(response), wait)
        except (httpx.HTTPError, OSError) as problem:
            return Answer(None, f"{type(problem).__name__}: {problem}")

    def _checked_url(self) -> httpx.URL:
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        return self._url.copy_with(host=resolve(self._url.host, port, self._allow_private))


def _beginning(response: httpx.Response) -> str:
    """The status counts even if the text behind it never comes."""
    try:
        return next(response.iter_raw(READ_LIMIT), b"").decode(errors="replace")
    except httpx.HTTPError:
        return ""


def retry_after(header: str | None, at: int) -> float | None:
    """RFC 9110: seconds, or a date. None if it is absent or neither; never negative."""
    if header is None:
        return None
    try:
        wait = float(header)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(header)
        except ValueError:
            return None
        wait = (from_datetime(moment) - at) / SECOND
    return max(wait, 0.0) if math.isfinite(wait) else None
