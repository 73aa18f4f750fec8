"""Kind → how to make it. A new kind is a new file, and a line here and in `core.settings`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from core.crypto import sha256_hex
from core.errors import DefinitionError, Problem
from core.settings import Destination, Signals
from signals.destinations.addresses import url_problem
from signals.destinations.attempt import DestinationSender
from signals.destinations.console import Console
from signals.destinations.post import Poster
from signals.destinations.signing import read_secret
from signals.destinations.slack import Slack
from signals.destinations.webhook import Webhook

Make = Callable[[Destination, Signals], DestinationSender]


def _console(_: Destination, __: Signals) -> DestinationSender:
    return Console(sys.stdout)


def _webhook(declared: Destination, settings: Signals) -> DestinationSender:
    secrets = [secret for secret in (declared.secret, declared.secret_before) if secret]
    return Webhook(
        _poster(declared, settings),
        [read_secret(secret.get_secret_value()) for secret in secrets],
    )


def _slack(declared: Destination, settings: Signals) -> DestinationSender:
    return Slack(_poster(declared, settings))


def _poster(declared: Destination, settings: Signals) -> Poster:
    return Poster(declared.url, settings.timeout_s, settings.allow_private_addresses)


KINDS: Mapping[str, Make] = {"console": _console, "webhook": _webhook, "slack": _slack}


def make_destinations(settings: Signals) -> dict[str, DestinationSender]:
    """Name → destination, as the settings declare. DefinitionError names all that is wrong."""
    problems = [
        problem
        for name, declared in settings.destinations.items()
        for problem in _problems(f"signals.destinations.{name}", declared)
    ]
    if problems:
        raise DefinitionError(
            "some destinations of signals cannot be used",
            problems=problems,
            do="correct them in the settings; config/reference.yaml explains each key",
        )
    return {
        name: KINDS[declared.kind](declared, settings)
        for name, declared in settings.destinations.items()
    }


def _problems(path: str, declared: Destination) -> list[Problem]:
    found = []
    if declared.kind != "console" and (wrong := url_problem(declared.url)):
        found.append(Problem(f"{path}.url", wrong))
    if declared.kind == "webhook":
        if declared.secret is None:
            found.append(Problem(f"{path}.secret", "is missing: webhooks are signed with it"))
        for key, secret in (("secret", declared.secret), ("secret_before", declared.secret_before)):
            if secret and (wrong := _secret_problem(secret.get_secret_value())):
                found.append(Problem(f"{path}.{key}", wrong))
    return found


def _secret_problem(secret: str) -> str:
    try:
        read_secret(secret)
    except ValueError as problem:
        return str(problem)
    return ""


def fingerprint(declared: Destination) -> str:
    """Changes when address or secret do: a destination that was given up is then tried anew."""
    secret = declared.secret.get_secret_value() if declared.secret else ""
    return sha256_hex(f"{declared.kind}\n{declared.url}\n{secret}")[:16]
