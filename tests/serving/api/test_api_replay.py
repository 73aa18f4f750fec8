"""Score calls that were kept, made again: bit for bit, under the versions that they name."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click.testing
import httpx
import msgspec
import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from starlette.types import ASGIApp

from core import release
from core.clock import DAY, SystemClock
from core.database import reading, writing
from core.settings import load_settings
from events.identity.index import Found
from events.types import Identifier, IdentifierKind
from rules.life import snoozes
from scoring import experiment, registry
from scoring.calibration import Calibration
from scoring.card import read_card, seal, write_card
from scoring.experiment import Spec
from serving.commands.score import score as command
from serving.http.dispatch import Dispatcher
from serving.http.guard import Guard
from serving.http.scores import SCORE_ID
from serving.http.tables import SCORES
from serving.kept.calls import CALL, forget, prune_calls, read_calls
from serving.parts import Parts
from tests.half_each import half_each
from tests.serving.api.conftest import Rig

USERS = [f"again-{number}" for number in range(12)]
LEADS = [{"user_id": user} for user in USERS]


@pytest.fixture(scope="module")
def two_arms(rig: Rig, write_model: Callable[..., Any]) -> Iterator[Spec]:
    """Versions 131 (in force) and 132, which answers otherwise, and leads to score."""
    company = {"domain": "again.example", "industry": "logistics", "region": "US"}
    calls: list[dict[str, Any]] = []
    for at, user in enumerate(USERS):
        calls += [{"type": "page", "userId": user, "properties": {"path": "/pricing"}}] * (at % 4)
        calls += [{"type": "identify", "userId": user, "traits": {"email": f"{user}@x{at}.co"}}]
    calls.append({"type": "group", "userId": USERS[0], "groupId": "again", "traits": company})
    batch = [{**call, "messageId": f"again-{at}"} for at, call in enumerate(calls)]
    assert rig.client.post("/v1/batch", json={"batch": batch}).status_code == 200
    rig.work()
    for version in ("131", "132"):
        folder = write_model(rig.installation, version)
        curve = Calibration(1.0, int(version) - 131.5)
        write_card(folder, seal(replace(read_card(folder), calibration=curve)))
    release.make(rig.engine, 1, "test", model_name="lead_propensity", model_version="131")
    yield half_each("131", "132")
    release.make(
        rig.engine, 2, "test", model_name=None, model_version=None, rules_version=0, experiment=None
    )


class Client:
    """Asks an application in this process, one call after the other."""

    def __init__(self, app: ASGIApp, runner: asyncio.Runner, key: str) -> None:
        transport = httpx.ASGITransport(app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://x", auth=(key, ""))
        self._runner = runner

    def post(self, path: str, ask: Any) -> httpx.Response:
        return self._runner.run(self._http.post(path, json=ask))

    def get(self, path: str, query: dict[str, str]) -> httpx.Response:
        return self._runner.run(self._http.get(path, params=query))


@contextmanager
def door(rig: Rig, sample: float = 1.0) -> Iterator[Client]:
    """The score routes over an installation that keeps this share of its calls."""
    settings = load_settings(
        None, calls={"sample": sample}, redis={"url": rig.store.url}, models={"poll_s": 0.05}
    )
    parts = Parts(rig.installation, settings)
    try:
        with asyncio.Runner() as runner:
            app = Guard(Dispatcher(SCORES, parts), parts.overload, parts.metrics)
            yield Client(app, runner, rig.secret_key)
    finally:
        parts.close()


def _again(rig: Rig, *words: str) -> click.testing.Result:
    data = ["--data", str(rig.installation.root)]
    return click.testing.CliRunner().invoke(command, [*words, *data])


def _replay(rig: Rig, call_id: str) -> list[dict[str, Any]]:
    result = _again(rig, "--replay", call_id, "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == int(not all(one["equal"] for one in told["leads"]))
    leads: list[dict[str, Any]] = told["leads"]
    return leads


def _answers(rig: Rig) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Ids of calls of every kind, with the score answers that they gave."""
    asks: list[dict[str, Any]] = [
        {"lead": lead, "explain": how} for lead in LEADS for how in ("none", "short", "full")
    ]
    with door(rig) as client:
        for ask in asks:
            told = client.post("/v1/score", ask)
            yield told.headers[SCORE_ID], [told.json()]
        for how in ("none", "short", "full"):
            unknown = {"user_id": "nobody-again"}
            ask = {"leads": [unknown, *LEADS], "explain": how}
            told = client.post("/v1/score/batch", ask)
            yield told.headers[SCORE_ID], told.json()["results"][1:]
        told = client.get("/v1/score", LEADS[0])
        yield told.headers[SCORE_ID], [told.json()]
        past = {"lead": LEADS[0], "as_of": told.json()["as_of"]}
        told = client.post("/v1/score", past)
        yield told.headers[SCORE_ID], [told.json()]
        told = client.post("/v1/accounts/score", {"account": {"group_id": "again"}})
        yield told.headers[SCORE_ID], [told.json()["score"]]


def test_every_kind_of_answer_is_made_again_bit_for_bit(rig: Rig, two_arms: Spec) -> None:
    """Each arm of an experiment, each level of reasons, alone and in a batch, now and in the past;
    a rule snoozed for one account; and after rules, model and experiment have changed.
    """
    rules = rig.client.post("/v1/score", json={"lead": LEADS[0]}).json()["reasons"]
    rule = next(one["id"] for one in rules if one["kind"] == "rule")
    [found] = [one for one in _found(rig, USERS[:1]) if one]
    now = SystemClock().now()
    snoozes.add(rig.engine, rule, str(found[1]), now + DAY, "ann", "", now)
    experiment.begin(rig.engine, two_arms, 3)
    told = dict(_answers(rig))
    experiment.end(rig.engine, 4, promote=True)

    arms = {one["experiment"]["arm"] for answers in told.values() for one in answers}
    assert arms == {"champion", "challenger"}
    assert any("snoozed" in one["rules"] for answers in told.values() for one in answers)
    assert len(told) == len({*told}) == 3 * len(USERS) + 6
    for call_id, answers in told.items():
        again = _replay(rig, call_id)
        assert [one["differs"] for one in again] == [{}] * len(answers)
        assert [one["answer"] for one in again] == answers


def _found(rig: Rig, users: list[str]) -> list[Found | None]:
    people = [Identifier(IdentifierKind.USER_ID, user) for user in users]
    return rig.worker._pipeline._online._index.find_in_record(people)  # type: ignore[union-attr]


def _one_call(rig: Rig, **ask: Any) -> str:
    with door(rig) as client:
        told = client.post("/v1/score", {"lead": LEADS[3], **ask})
        return str(told.headers[SCORE_ID])


def test_an_answer_that_comes_out_otherwise_is_shown_and_fails(rig: Rig, two_arms: Spec) -> None:
    """Here the kept inputs were tampered with: the same is seen when the program answers anew."""
    call_id = _one_call(rig)
    with writing(rig.engine) as record:
        [call] = read_calls(record, call_id)
        less = replace(call, answer=call.answer.replace(b'"priority":', b'"priority":1', 1))
        told = msgspec.msgpack.encode(less)
        record.execute(CALL.update().where(CALL.c.id == call_id).values(told=told))
    result = _again(rig, "--replay", call_id)
    assert result.exit_code == 1
    assert result.output.startswith("differs: lead ")
    assert "  priority: told 1" in result.output


def test_without_its_release_folder_the_registry_has_the_model(
    rig: Rig, two_arms: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders may be tidied away; and where neither has it, that is said."""
    release.make(rig.engine, 5, "test", model_version="132")
    call_id = _one_call(rig, explain="full")
    folder = rig.installation.releases / "lead_propensity-132"
    kept = folder.rename(rig.installation.root / "kept")
    try:
        gone = _again(rig, "--replay", call_id)
        assert gone.exit_code == 1
        assert "cannot be had any more" in str(gone.exception)

        def download(client: object, version: str, place: Path) -> Path:
            """What training registered: the card of a run has no version yet."""
            assert version == "132"
            files = Path(shutil.copytree(kept, place / "model"))
            write_card(files, replace(read_card(files), version=""))
            return files

        monkeypatch.setattr(registry, "open_registry", lambda _: None)
        monkeypatch.setattr(registry, "download", download)
        assert [one["differs"] for one in _replay(rig, call_id)] == [{}]
    finally:
        kept.rename(folder)
        release.make(rig.engine, 6, "test", model_version="131")


def test_an_unknown_id_is_told_what_is_kept(rig: Rig) -> None:
    """Most calls are not in the sample."""
    result = _again(rig, "--replay", "0" * 26)
    assert result.exit_code == 1
    assert "calls.sample" in getattr(result.exception, "do", "")
    assert _again(rig, "--replay", "x", "somebody").exit_code == 2
    assert _again(rig).exit_code == 2


def test_a_share_of_nothing_keeps_nothing_and_answers_have_their_id(
    rig: Rig, two_arms: Spec
) -> None:
    """Ids differ, and begin with their moment."""
    with door(rig, sample=0.0) as client:
        ids = [client.post("/v1/score", {"lead": LEADS[1]}).headers[SCORE_ID] for _ in range(3)]
    assert len(set(ids)) == 3
    assert {len(one) for one in ids} == {26}
    assert abs(int(ids[0][:14], 16) - SystemClock().now()) < DAY
    with reading(rig.engine) as record:
        assert [read_calls(record, one) for one in ids] == [[], [], []]
    kept: httpx.Response = rig.client.post("/v1/score", json={"lead": LEADS[1]})
    assert SCORE_ID in kept.headers


def test_what_is_kept_goes_with_its_lead_with_its_age_and_with_its_number(
    rig: Rig, two_arms: Spec
) -> None:
    """Erasure reaches it; the disk is not filled."""
    ids = [_one_call(rig) for _ in range(4)]
    with writing(rig.engine) as record:
        [call] = read_calls(record, ids[0])
        assert prune_calls(record, 3, 0) > 0
        assert [bool(read_calls(record, one)) for one in ids] == [False, True, True, True]
        assert forget(record, [call.lead_id]) == 3
        left = record.execute(sa.select(sa.func.count()).select_from(CALL)).scalar()
        assert left == 0


def test_a_lead_is_scored_by_the_command_as_the_api_does(rig: Rig, two_arms: Spec) -> None:
    """For who has no key at hand."""
    deadline = time.monotonic() + 60
    while True:
        told = rig.client.post("/v1/score", json={"lead": LEADS[5]}).json()
        if told["model"] and told["model"]["version"] == "131" and "experiment" not in told:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    mine = json.loads(_again(rig, USERS[5], "--json").stdout)
    assert {**mine, "as_of": ""} == {**told, "as_of": ""}
    lines = _again(rig, USERS[5], "--explain", "full").output
    assert f"lead {told['lead_id']}" in lines
    version = told["rules"]["version"]
    assert f"rules {version}, model lead_propensity 131" in lines
