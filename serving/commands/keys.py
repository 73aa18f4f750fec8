"""`leadline keys`: make, list, rotate and revoke API keys. A running api follows in a second."""

from __future__ import annotations

from typing import Any

import click
import msgspec
import sqlalchemy as sa

from core.clock import HOUR, SystemClock, to_iso
from core.connections import connect_record, existing_record
from core.installation import Installation
from core.options import data_option, json_option
from core.settings import load_settings
from serving.keys import ApiKey, KeyKind, NewKey, Scope
from serving.keys import create as create_key
from serving.keys import list_keys as all_keys
from serving.keys import revoke as revoke_key
from serving.keys import rotate as rotate_key


@click.group()
def keys() -> None:
    """API keys: `write` sends events, `secret` reads and scores as well."""


@keys.command()
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in KeyKind]),
    required=True,
    help="write may stand in a web page; secret may not.",
)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What a secret key may do besides reading and scoring; may be given again.",
)
@data_option()
@json_option
def create(kind: str, scopes: tuple[str, ...], installation: Installation, as_json: bool) -> None:
    """Make a key and print it: this once."""
    # The first key may be made before the first start.
    record = connect_record(installation.create(), load_settings(installation.settings_file))
    wanted = [Scope(one) for one in scopes]
    _show_new(create_key(record, KeyKind(kind), SystemClock().now(), wanted), as_json)


@keys.command("list")
@data_option()
@json_option
def list_keys(installation: Installation, as_json: bool) -> None:
    """List all keys, without the keys themselves."""
    rows = [_told(key) for key in all_keys(_record(installation))]
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())
        return
    for row in rows:
        told = f"{row['id']}  {row['kind']:6}  {row['state']:8}  made {row['created_at']}"
        click.echo("  ".join([told, *row["scopes"]]))


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace-hours",
    type=click.IntRange(0, 24 * 30),
    default=24,
    show_default=True,
    help="How long the old key still works.",
)
@data_option()
@json_option
def rotate(key_id: str, grace_hours: int, installation: Installation, as_json: bool) -> None:
    """Make a new key of the same kind and scopes; the old one ends after the grace."""
    now = SystemClock().now()
    _show_new(rotate_key(_record(installation), key_id, now, grace_hours * HOUR), as_json)


@keys.command()
@click.argument("key_id", metavar="ID")
@data_option()
def revoke(key_id: str, installation: Installation) -> None:
    """Refuse a key from now on."""
    revoke_key(_record(installation), key_id, SystemClock().now())
    click.echo(f"{key_id} is revoked")


def _record(installation: Installation) -> sa.Engine:
    return existing_record(installation, load_settings(installation.settings_file))


def _show_new(made: NewKey, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    click.echo(f"{made.kind} key {made.id}: {made.key}")
    click.echo("keep it now: it is not shown again")


def _told(key: ApiKey) -> dict[str, Any]:
    now = SystemClock().now()
    state = "valid" if key.valid(now) else "revoked" if key.revoked_at is not None else "expired"
    return {
        "id": key.id,
        "kind": key.kind.value,
        "state": state,
        "created_at": to_iso(key.created_at),
        "expires_at": to_iso(key.expires_at) if key.expires_at is not None else None,
        "revoked_at": to_iso(key.revoked_at) if key.revoked_at is not None else None,
        "scopes": list(key.scopes),
    }
