"""What `leadline doctor` looks at: the machine first, then the installation's stores and roles."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from core import release
from core.connections import connect_redis, existing_record, redis_url
from core.database import reading
from core.errors import LeadlineError
from core.installation import Installation
from core.settings import Settings, load_settings
from events import progress
from events.intake.log import EventLog
from serving.release.rules_in_force import RulesInForce
from serving.running import api_findings, machine, model_findings
from serving.running.listening import last_heard, listening_of
from serving.running.machine import Finding, wrong
from serving.worker.evictions import evicts


def examine(installation: Installation, port: int | None = None) -> Iterator[Finding]:
    """Each subject in turn; one that is wrong hides no other. `port`: where the api is looked for,
    if not where it told that it listens.
    """
    yield machine.python()
    yield machine.openmp()
    yield machine.server()
    yield machine.disk(installation)
    settings = None
    try:
        settings = load_settings(installation.settings_file)
        file = installation.settings_file
        yield Finding("settings", "ok", str(file) if file.exists() else "the defaults, no file")
    except LeadlineError as problem:
        yield wrong("settings", problem)
    if settings is not None:
        yield from api_findings.tls(settings.api)
        yield from _stores(installation, settings, port)


def _stores(installation: Installation, settings: Settings, port: int | None) -> Iterator[Finding]:
    if settings.record.url is None and not installation.exists():
        told = f"no installation in {installation.root} yet"
        yield Finding("data folder", "note", told, "`leadline up` makes it")
        return
    yield Finding("data folder", "ok", str(installation.root))
    yield from _record(installation, settings)
    yield _features(installation)
    yield _online(installation, settings)
    heard = last_heard(installation) or listening_of(settings.api)
    yield api_findings.ready(replace(heard, port=port or heard.port))


def _record(installation: Installation, settings: Settings) -> Iterator[Finding]:
    try:
        engine = existing_record(installation, settings)
        in_force = release.current(engine)
        with reading(engine) as connection:
            come = progress.load(connection)
    except LeadlineError as problem:
        yield wrong("record", problem)
        return
    except SQLAlchemyError as problem:
        do = "bring it back from your backup; the event log replays what it lacks"
        yield Finding("record", "wrong", str(problem.args[0]), do)
        return
    yield Finding("record", "ok", f"{come.processed} events processed, {come.failed} failed")
    refused = _refused_rules(engine, in_force.rules_version)
    yield refused or model_findings.in_force(installation, in_force)
    yield model_findings.registry(installation, in_force)
    engine.dispose()
    yield _log(installation, come.offset)


def _refused_rules(engine: sa.Engine, version: int) -> Finding | None:
    """None when this program can compile the rules that were published."""
    try:
        compiled = RulesInForce(engine).follow(version)
    except LeadlineError as problem:
        return wrong("release", problem)
    if not compiled.refused:
        return None
    told = f"{compiled.refused}; version {compiled.version} serves in its place"
    do = f"`leadline rules show {version} --out DIR`, correct it there and publish it"
    return Finding("release", "wrong", told, do)


def _log(installation: Installation, processed: int) -> Finding:
    try:
        log = EventLog(installation.log_db)
        lag = log.last_offset() - processed
        log.close()
    except LeadlineError as problem:
        return wrong("event log", problem)
    if lag:
        do = "start `leadline up`; if it runs, logs/worker.log says what the worker does"
        return Finding("event log", "note", f"{lag} events wait for the worker", do)
    return Finding("event log", "ok", "no event waits")


def _features(installation: Installation) -> Finding:
    from features.feast_store import registry_file
    from features.registry import APPLY, differences

    if not registry_file(installation).exists():
        told = "nothing is applied yet: whoever reads history first does it"
        return Finding("feature registry", "ok", told)
    try:
        problems = differences(installation)
    except LeadlineError as problem:
        return wrong("feature registry", problem)
    if problems:
        told = "; ".join(map(str, problems))
        return Finding("feature registry", "wrong", f"not of this code: {told}", APPLY)
    return Finding("feature registry", "ok", "as the code declares it")


def _online(installation: Installation, settings: Settings) -> Finding:
    from redis.exceptions import RedisError

    try:
        client = connect_redis(redis_url(installation, settings), settings.redis.timeout_s)
        client.ping()
        risk = evicts(client, expires=settings.redis.expire_days is not None)
        client.close()
    except LeadlineError as problem:
        return Finding("online store", "note", problem.detail, problem.do)
    except RedisError as problem:
        do = "start `leadline up`, or the server that redis.url names"
        return Finding("online store", "wrong", f"does not answer: {problem}", do)
    if risk:
        do = "set `maxmemory-policy noeviction` there, and watch its memory"
        return Finding("online store", "note", f"answers, but {risk}", do)
    return Finding("online store", "ok", "answers")
