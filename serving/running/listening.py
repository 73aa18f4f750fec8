"""Where the api of an installation listens: `--port` may say otherwise than the settings do.

The api writes it while it runs; whoever only looks at the installation reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from core.installation import Installation
from core.settings import Api


class Listening(msgspec.Struct, frozen=True):
    host: str
    port: int
    tls: bool = False

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"


def listening_of(api: Api) -> Listening:
    """Where it will listen by its settings."""
    return Listening(api.host, api.port, api.tls_certificate is not None)


@contextmanager
def listening(installation: Installation, api: Api) -> Iterator[None]:
    """Known while the block runs; after a crash until the next start."""
    file = _file(installation)
    draft = file.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(listening_of(api)))
    draft.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def last_heard(installation: Installation) -> Listening | None:
    """None when no api runs, or none ever did."""
    try:
        return msgspec.json.decode(_file(installation).read_bytes(), type=Listening)
    except (OSError, msgspec.MsgspecError):
        return None


def _file(installation: Installation) -> Path:
    return installation.run / "api.json"
