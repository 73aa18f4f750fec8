"""What the doctor finds of the api: its certificate, and whether it answers."""

from __future__ import annotations

from collections.abc import Iterator

from core.clock import DAY, SystemClock
from core.settings import Api
from serving.running.listening import Listening
from serving.running.machine import Finding
from serving.running.probe import ready_status
from serving.running.tls import ends_at, faults

_RENEW_DAYS = 14


def tls(api: Api) -> Iterator[Finding]:
    """Nothing where no TLS is set."""
    now = SystemClock().now()
    problems = faults(api, now)
    if problems:
        told = "; ".join(map(str, problems))
        yield Finding(
            "tls",
            "wrong",
            told,
            "bring both files in order; a running api takes them within a minute",
        )
    elif (end := ends_at(api)) is not None:
        days = (end - now) // DAY
        told = f"the certificate is valid for {days} more days"
        if days < _RENEW_DAYS:
            yield Finding(
                "tls", "note", told, "renew it: a running api takes the new files within a minute"
            )
        else:
            yield Finding("tls", "ok", told)


def ready(at: Listening) -> Finding:
    status = ready_status(at)
    if status is None:
        return Finding("api", "note", f"nothing answers at {at.url}", "`leadline up` starts it")
    if status != 200:
        return Finding("api", "wrong", f"{at.url}/readyz answers {status}", "see logs/api.log")
    return Finding("api", "ok", f"ready at {at.url}")
