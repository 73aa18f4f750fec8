"""The demo's own installation: made anew at each run, and never anybody else's folder."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import yaml

from core.crypto import new_secret
from core.errors import StartError
from core.installation import Installation
from core.locks import held

SLACK = "slack:#hot-leads"
MARKER = "made-by-leadline-demo"
_DUTIES = ("up", "api", "worker", "deliver")
_KEPT = frozenset({MARKER, "run"})


def make_anew(installation: Installation) -> None:
    """Empties the folder of an earlier demo, or makes a new one.

    StartError when it holds anything else, or when something still runs in it.
    """
    root = installation.root
    marker = root / MARKER
    if root.exists() and not root.is_dir():
        raise StartError(f"{root} is no folder", do="name another one with --data")
    if root.is_dir() and any(root.iterdir()) and not marker.exists():
        raise StartError(
            f"{root} was not made by `leadline demo`, and the demo would empty it",
            do="name another folder with --data",
        )
    # The marker comes first: whatever is half made or half removed later is known as the demo's.
    _write_marker(root, marker)
    for duty in _DUTIES:
        if (lock := installation.run / f"{duty}.lock").exists():
            with held(lock, f"`leadline {duty}`"):
                continue
    _empty(root)
    installation.create()


def _write_marker(root: Path, marker: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        marker.write_text("`leadline demo` made this folder; its next run empties it.\n")
    except OSError as problem:
        raise StartError(
            f"cannot use {root} as data folder: {problem.strerror or problem}",
            do="name a folder that you may write to with --data, or free some space",
        ) from problem


def _empty(root: Path) -> None:
    """Lock files stay: to remove one would let two processes hold locks of one name."""
    for path in root.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def new_webhook_secret() -> str:
    """`whsec_…`, as Standard Webhooks writes its secrets."""
    return "whsec_" + base64.b64encode(new_secret()).decode()


def write_settings(file: Path, webhook_url: str, slack_url: str, secret: str) -> None:
    """Where the demo's signals go: printed, signed webhook, Slack. For the owner's eyes only."""
    destinations = {
        "console": {"kind": "console"},
        "webhook:crm": {"kind": "webhook", "url": webhook_url, "secret": secret},
        SLACK: {"kind": "slack", "url": slack_url},
    }
    # The receiver listens on loopback, which deliveries refuse unless told otherwise.
    signals = {"destinations": destinations, "allow_private_addresses": True}
    file.touch(mode=0o600)
    # Every answer is kept, so that parity has something to look at after so short a life.
    features = {"served_sample": 1.0}
    told = {"signals": signals, "features": features}
    file.write_text(yaml.safe_dump(told, sort_keys=False))
