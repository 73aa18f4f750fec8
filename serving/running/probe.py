"""Asks a running api of this machine whether it is ready, for the supervisor and the doctor."""

from __future__ import annotations

import http.client
import ssl

from serving.running.listening import Listening

PATIENCE_S = 2.0


def ready_status(at: Listening) -> int | None:
    """The HTTP status of `/readyz`; None where nothing answers."""
    connection = _connection(at)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _connection(at: Listening) -> http.client.HTTPConnection:
    if not at.tls:
        return http.client.HTTPConnection(at.host, at.port, timeout=PATIENCE_S)
    # The certificate names the host that customers call, not the address that is asked here; and
    # nothing is sent that anybody might want.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(at.host, at.port, timeout=PATIENCE_S, context=context)
