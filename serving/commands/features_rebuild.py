"""`leadline features backfill` and `rebuild-online`: the worker does both, in order; we watch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from core.installation import Installation
from core.options import data_option

if TYPE_CHECKING:
    import sqlalchemy as sa

_LOOK_S = 0.2
_TELL_S = 2.0


@click.command()
@click.argument("names", nargs=-1)
@data_option()
def backfill(names: tuple[str, ...], installation: Installation) -> None:
    """Count features anew over all history: after one was added or its measure changed.

    NAMES are checked and told; one replay makes all of them. Scores are served meanwhile, signals
    wait until it is done.
    """
    from core.clock import SystemClock
    from core.connections import existing_record
    from core.database import reading
    from core.errors import WorkError
    from core.settings import load_settings
    from events.intake.log import EventLog
    from events.progress import load
    from features.check import known_features
    from serving.running.upkeep import worker_runs
    from serving.worker.control import Control, ask

    known_features(names)
    settings = load_settings(installation.settings_file)
    if settings.lake.keep_days is not None:
        raise WorkError(
            f"history goes back {settings.lake.keep_days} days here, and cannot be counted anew",
            do="lake.keep_days in the settings says so; new measures count from now on",
        )
    record = existing_record(installation, settings)
    log = EventLog(installation.log_db, SystemClock())
    try:
        offset = ask(log, Control.BACKFILL)
    finally:
        log.close()
    click.echo(f"asked as event {offset}")
    if not worker_runs(installation):
        click.echo("no worker runs here: it will be done when one does (`leadline up`)")
        return

    def done() -> bool:
        with reading(record) as connection:
            return load(connection).offset >= offset

    _watch(installation, done, "counting history anew")
    click.echo(f"done: {', '.join(names) or 'all features'}")


@click.command("rebuild-online")
@data_option()
def rebuild_online(installation: Installation) -> None:
    """Fill the online store from the record, as if it had come back empty."""
    from core.connections import connect_redis, existing_record, redis_url
    from core.errors import WorkError
    from core.settings import load_settings
    from features.online import OnlineStore
    from serving.running.upkeep import worker_runs

    settings = load_settings(installation.settings_file)
    record = existing_record(installation, settings)
    client = connect_redis(redis_url(installation, settings), settings.redis.timeout_s)
    if not worker_runs(installation):
        raise WorkError("no worker runs here, and only it fills the online store",
                        do="start it with `leadline up` or `leadline worker`")  # fmt: skip
    store = OnlineStore(client)
    store.unmark()
    total = _entities(record)
    click.echo(f"filling the online store with {total:,} leads and accounts")
    _watch(installation, store.is_filled, "filling")
    click.echo("done")


def _entities(record: sa.Engine) -> int:
    import sqlalchemy as sa

    from core.database import reading
    from features.record import TILES

    with reading(record) as connection:
        count = sa.select(sa.func.count()).select_from(TILES).where(TILES.c.blob != b"")
        return int(connection.execute(count).scalar() or 0)


def _watch(installation: Installation, done: Callable[[], bool], what: str) -> None:
    """Until it is done; a line now and then. WorkError if the worker ends on the way."""
    from core.errors import WorkError
    from serving.running.upkeep import worker_runs

    started = told = time.monotonic()
    while not done():
        if not worker_runs(installation):
            raise WorkError(f"the worker ended while {what}; its next start does it again",
                            do=f"its log: {installation.logs / 'worker.log'}")  # fmt: skip
        if time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            click.echo(f"{what}: {told - started:.0f} s")
        time.sleep(_LOOK_S)
