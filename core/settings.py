"""All settings, one section a stage. defaults < `leadline.yaml` < environment.

`LEADLINE__API__PORT=3100` sets `api.port`. Unknown keys are refused; secrets are never printed.
`config/reference.yaml` names every key with its default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from core.errors import DefinitionError, Problem


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Api(Section):
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535)
    max_body_bytes: int = Field(512_000, ge=1_000)  # Segment: 500 KB a batch
    max_event_bytes: int = Field(32_768, ge=100)  # Segment: 32 KB an event
    max_batch: int = Field(2_500, ge=1)
    queue_limit: int = Field(20_000, ge=1)  # events waiting for the log's writer
    score_wait_s: float = Field(0.1, gt=0)  # beyond it score calls are turned away
    worker_late_s: float = Field(10.0, ge=2)  # features behind by more: `worker` in `degraded`
    tls_certificate: Path | None = None  # PEM, with its chain; none: plain HTTP
    tls_key: Path | None = None


class Record(Section):
    url: SecretStr | None = None  # none: SQLite in the data folder
    timeout_s: float = Field(1.0, gt=0)  # a score does without facts that the record holds


class Redis(Section):
    url: SecretStr | None = None  # none: the embedded server
    timeout_s: float = Field(0.25, gt=0)
    cluster: bool = False  # the URL names one node of a Redis Cluster
    expire_days: int | None = Field(None, ge=1)  # the record keeps what leaves the online store


class Worker(Section):
    batch: int = Field(1_000, ge=1, le=20_000)
    poll_s: float = Field(0.02, gt=0)
    log_days: int = Field(7, ge=1, le=7)  # raw events are kept no longer
    late_hours: int = Field(24, ge=0)  # an event older than this sends no signal
    metrics_port: int | None = Field(None, ge=1, le=65535)  # on 127.0.0.1; none: no metrics


class DuckDb(Section):
    type: Literal["duckdb"] = "duckdb"


class Postgres(Section):
    type: Literal["postgres"]
    host: str
    port: int = Field(5432, ge=1, le=65535)
    database: str
    db_schema: str = "public"
    user: str
    password: SecretStr
    sslmode: Literal["disable", "require", "verify-ca", "verify-full"] = "require"
    sslrootcert_path: str | None = None


Offline = Annotated[DuckDb | Postgres, Field(discriminator="type")]


class Features(Section):
    offline: Offline = DuckDb()  # where Feast reads history: the lake itself, or a copy of it
    served_sample: float = Field(0.05, ge=0, le=1)  # share of score calls kept for parity and drift
    served_kept: int = Field(50_000, ge=1)  # vectors
    served_days: int = Field(7, ge=1)
    parity_every_s: float = Field(600.0, ge=0)  # 0: never
    parity_values: int = Field(5_000, ge=1)  # compared each time


class Calls(Section):
    sample: float = Field(0.02, ge=0, le=1)  # share of score calls kept with all they were made of
    kept: int = Field(50_000, ge=1)  # leads
    days: int = Field(30, ge=1)


class Lake(Section):
    compact_s: float = Field(600.0, gt=0)  # between two looks for files to merge
    grace_s: float = Field(900.0, ge=0)  # longer than any query that listed files by name
    keep_days: int | None = Field(None, ge=1)  # of feature rows and archived events
    memory_mb: int = Field(800, ge=100)  # beyond it a merge or a join spills to the disk


class Identity(Section):
    blocked: tuple[str, ...] = ("-1", "null", "anonymous", "undefined", "none")
    per_lead: int = Field(5, ge=1)  # of each kind but user_id, which is one


class Destination(Section):
    kind: Literal["console", "webhook", "slack"]
    url: str = ""
    secret: SecretStr | None = None
    secret_before: SecretStr | None = None  # while a secret rotates


class Signals(Section):
    destinations: dict[str, Destination] = {"console": Destination(kind="console")}
    allow_private_addresses: bool = False
    timeout_s: float = Field(15.0, gt=0)
    source: str = "leadline/live"
    metrics_port: int | None = Field(None, ge=1, le=65535)  # of deliver, on 127.0.0.1


class Models(Section):
    poll_s: float = Field(1.0, gt=0)  # how often a process looks which release is in force
    watch_s: float = Field(3.0, gt=0)  # how often the registry's aliases are copied in
    label_days: int = Field(90, ge=1)
    moment_days: int = Field(30, ge=0)
    ages_days: tuple[int, ...] = (0, 7, 14, 30, 60)
    at_stages: bool = False  # teach also where the CRM moved a lead on
    at_signals: bool = False  # and where somebody was told of it
    undecided: Literal["not_won", "censored"] = "not_won"
    leak_auc: float = Field(0.95, gt=0.5, le=1)
    retrain: bool = True  # whether a running system trains by itself
    retrain_days: float = Field(3.0, gt=0)
    retrain_outcomes: int = Field(500, ge=1)
    retrain_look_s: float = Field(3_600.0, gt=0)
    retrain_most_s: float = Field(7_200.0, gt=0)
    retrain_psi: float | None = Field(0.25, gt=0)  # drift from which it is time; none: never
    drift_psi: float = Field(0.25, gt=0)
    drift_every_s: float | None = Field(86_400.0, gt=0)  # none: only by hand
    ui_port: int | None = Field(0, ge=0, le=65535)  # 0: a free one; none: no pages
    trials: int = Field(4, ge=0, le=1_000)
    search_s: float = Field(120.0, gt=0)
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="LEADLINE__", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    api: Api = Api()
    record: Record = Record()
    redis: Redis = Redis()
    worker: Worker = Worker()
    lake: Lake = Lake()
    features: Features = Features()
    calls: Calls = Calls()
    identity: Identity = Identity()
    signals: Signals = Signals()
    models: Models = Models()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment above file above defaults."""
        return init_settings, env_settings, YamlConfigSettingsSource(settings_cls)


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:
    """Reads the file (if it exists) and the environment. DefinitionError names every wrong key."""

    class FromFile(Settings):
        model_config = SettingsConfigDict(yaml_file=file)

    where = f"{file} or the environment" if file else "the environment"
    try:
        loaded = FromFile(**overrides)
    except ValidationError as wrong:
        problems = [
            Problem(".".join(str(part) for part in error["loc"]), error["msg"])
            for error in wrong.errors()
        ]
        raise _refusal(where, [*problems, *_unknown_variables()]) from wrong
    except (OSError, ValueError, yaml.YAMLError) as wrong:
        raise DefinitionError(f"cannot read the settings from {where}: {wrong}") from wrong
    if unknown := _unknown_variables():
        raise _refusal(where, unknown)
    return Settings.model_construct(
        **{name: getattr(loaded, name) for name in Settings.model_fields}
    )


def _unknown_variables() -> list[Problem]:
    """Sections that do not exist: pydantic passes over a variable that starts with such a name."""
    prefix = "LEADLINE__"
    given = sorted(name for name in os.environ if name.startswith(prefix))
    sections = ((name, name.removeprefix(prefix).partition("__")[0].lower()) for name in given)
    return [
        Problem(name, f"there is no section '{section}'")
        for name, section in sections
        if section not in Settings.model_fields
    ]


def _refusal(where: str, problems: list[Problem]) -> DefinitionError:
    return DefinitionError(
        f"the settings are wrong (from {where})",
        problems=problems,
        do="config/reference.yaml names every key, its meaning and its default",
    )
