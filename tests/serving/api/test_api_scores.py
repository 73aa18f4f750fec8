"""Score calls: the contract's answer for whoever is known, every problem for who asks wrongly."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
import redis

from core.clock import SystemClock, to_iso
from features.definitions import Entity
from features.online import FIELD, blob_of, key_of, value_of

EMAIL = "vp@acme-logistics.example"
FIELDS = {
    "lead_id", "account_id", "as_of", "propensity", "fit", "intent", "negative", "priority",
    "band", "reasons", "model", "rules", "degraded", "features_as_of",
}  # fmt: skip


@pytest.fixture(scope="module")
def known(rig: Any) -> dict[str, Any]:
    """A visitor who viewed pricing, then named herself; a colleague; both in one company."""
    company = {"name": "Acme", "industry": "logistics", "employee_band": "500-999", "region": "US"}
    company["domain"] = "acme-logistics.example"
    calls = [
        {"type": "page", "anonymousId": "s-anon", "properties": {"path": "/pricing"}},
        {"type": "page", "anonymousId": "s-anon", "properties": {"path": "/demo"}},
        {
            "type": "identify",
            "anonymousId": "s-anon",
            "userId": "s-user",
            "traits": {"email": EMAIL, "seniority": "vp", "role": "vp_finance"},
        },
        {"type": "group", "userId": "s-user", "groupId": "s-acme", "traits": company},
        {"type": "track", "event": "Form Submitted", "userId": "s-user"},
        {"type": "identify", "userId": "s-other", "traits": {"email": f"it-{EMAIL}"}},
    ]
    batch = [{**call, "messageId": f"score-{at}"} for at, call in enumerate(calls)]
    assert rig.pages.post("/v1/batch", json={"batch": batch}).status_code == 200
    rig.work()
    told: dict[str, Any] = rig.client.post("/v1/score", json={"lead": {"email": EMAIL}}).json()
    return told


def stable(told: dict[str, Any]) -> dict[str, Any]:
    """Without what moves with the clock."""
    return {name: told[name] for name in ("lead_id", "account_id", "fit", "band", "negative")}


def test_the_answer_has_everything_that_the_contract_promises(known: dict[str, Any]) -> None:
    """Rules alone are an answer; that the model is missing is said."""
    assert set(known) == FIELDS
    assert known["propensity"] is None
    assert known["model"] is None
    assert known["degraded"] == ["model"]
    assert known["band"] == "hot"
    assert known["account_id"]
    assert known["reasons"]
    assert set(known["reasons"][0]) == {"kind", "id", "text", "effect"}


def test_every_identifier_of_a_person_leads_to_the_same_score(
    rig: Any, known: dict[str, Any]
) -> None:
    """Matching is worth nothing if the answer depends on how one asks."""
    leads = [
        {"lead_id": known["lead_id"]},
        {"user_id": "s-user"},
        {"anonymous_id": "s-anon"},
        {"email": f" {EMAIL.upper()} "},
        {"email_sha256": hashlib.sha256(EMAIL.encode()).hexdigest()},
    ]
    for lead in leads:
        posted = rig.client.post("/v1/score", json={"lead": lead})
        asked = rig.client.get("/v1/score", params=lead)
        assert posted.status_code == asked.status_code == 200, posted.text
        assert stable(posted.json()) == stable(asked.json()) == stable(known)
    batch = rig.client.post("/v1/score/batch", json={"leads": leads}).json()
    assert [stable(told) for told in batch["results"]] == [stable(known)] * len(leads)


def test_a_batch_answers_in_order_and_names_who_is_unknown(rig: Any, known: dict[str, Any]) -> None:
    """One unknown lead must not cost the other 999."""
    leads = [{"user_id": "nobody"}, {"user_id": "s-user"}, {"email": "no@body.example"}]
    first, second, third = rig.client.post("/v1/score/batch", json={"leads": leads}).json()[
        "results"
    ]
    assert first == third == {"error": "not_found"}
    assert second["lead_id"] == known["lead_id"]
    assert rig.client.post("/v1/score/batch", json={"leads": []}).json() == {"results": []}
    many = {"leads": [{"user_id": f"nobody-{at}"} for at in range(1_000)]}
    assert len(rig.client.post("/v1/score/batch", json=many).json()["results"]) == 1_000


def test_explain_says_how_much_is_told(rig: Any, known: dict[str, Any]) -> None:
    """`none` for machines, `full` for who wants to check the sum."""
    lead = {"user_id": "s-user"}
    none = rig.client.post("/v1/score", json={"lead": lead, "explain": "none"}).json()
    full = rig.client.post("/v1/score", json={"lead": lead, "explain": "full"}).json()
    assert none["reasons"] == []
    assert full["reasons"]
    assert set(full) == FIELDS | {
        "contributions",
        "base",
        "margin",
        "calibrated_margin",
        "rules_margin",
    }
    assert none["priority"] == pytest.approx(full["priority"])


def test_an_unknown_lead_is_404(rig: Any, problem_of: Any) -> None:
    """Only the record may say so."""
    problem_of(rig.client.post("/v1/score", json={"lead": {"user_id": "nobody"}}), 404)
    problem_of(rig.client.get("/v1/score", params={"lead_id": "0" * 24}), 404)


WRONG: dict[str, tuple[Any, set[str]]] = {
    "nothing": ({}, {"lead"}),
    "no object": ({"lead": "a@b.co"}, {"lead"}),
    "two": ({"lead": {"user_id": "a", "email": "a@b.co"}}, {"lead"}),
    "none": ({"lead": {}}, {"lead"}),
    "number": ({"lead": {"user_id": 7}}, {"lead.user_id"}),
    "null": ({"lead": {"user_id": None}}, {"lead.user_id"}),
    "blank": ({"lead": {"user_id": "  "}}, {"lead.user_id"}),
    "long": ({"lead": {"user_id": "x" * 300}}, {"lead.user_id"}),
    "no email": ({"lead": {"email": "acme"}}, {"lead.email"}),
    "no hash": ({"lead": {"email_sha256": "a@b.co"}}, {"lead.email_sha256"}),
    "unknown identifier": ({"lead": {"phone": "1"}}, {"lead", "lead.phone"}),
    "unknown field": ({"lead": {"user_id": "a"}, "exlain": "full"}, {"exlain"}),
    "explain": ({"lead": {"user_id": "a"}, "explain": 3}, {"explain"}),
    "future": ({"lead": {"user_id": "a"}, "as_of": "2999-01-01"}, {"as_of"}),
    "no moment": ({"lead": {"user_id": "a"}, "as_of": "soon"}, {"as_of"}),
    "moment as number": ({"lead": {"user_id": "a"}, "as_of": 5}, {"as_of"}),
    "far past": ({"lead": {"user_id": "a"}, "as_of": "0001-01-01"}, {"as_of"}),
    "all at once": (
        {"lead": {}, "explain": "x", "as_of": "y", "z": 1},
        {"lead", "explain", "as_of", "z"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_told_every_problem(rig: Any, problem_of: Any, name: str) -> None:
    """One round of corrections, not five."""
    body, paths = WRONG[name]
    told = problem_of(rig.client.post("/v1/score", json=body), 400)
    assert {one["path"] for one in told["problems"]} == paths


def test_a_batch_names_the_wrong_ones_by_place(rig: Any, problem_of: Any) -> None:
    """And refuses more than a thousand."""
    leads = [{"user_id": "a"}, {"user_id": 1}, 5]
    told = problem_of(rig.client.post("/v1/score/batch", json={"leads": leads}), 400)
    assert [one["path"] for one in told["problems"]] == ["leads[1].user_id", "leads[2]"]
    problem_of(rig.client.post("/v1/score/batch", json={"leads": [{}] * 1_001}), 400)
    problem_of(rig.client.post("/v1/score/batch", json={"leads": None}), 400)
    problem_of(rig.client.post("/v1/score", content=b"x" * 1_000_000), 413)
    problem_of(rig.client.post("/v1/score", content=b"x" * 3_000_000), 413)


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", "\u0000", "🎯" * 60, "../../etc", "{{7*7}}", "%s%n"]
)
def test_hostile_texts_are_only_unknown(rig: Any, problem_of: Any, text: str) -> None:
    """An identifier is hashed before it is looked up."""
    problem_of(rig.client.post("/v1/score", json={"lead": {"user_id": text}}), 404)
    problem_of(rig.client.get("/v1/score", params={"anonymous_id": text}), 404)


def test_a_write_key_reads_no_scores(rig: Any, problem_of: Any) -> None:
    """It may stand in a web page."""
    for call in ("/v1/score", "/v1/score/batch", "/v1/accounts/score"):
        problem_of(rig.pages.post(call, json={"lead": {"user_id": "s-user"}}), 403)
    problem_of(rig.pages.get("/v1/score", params={"user_id": "s-user"}), 403)


def test_an_account_is_scored_by_its_people(rig: Any, known: dict[str, Any]) -> None:
    """By any of its names; the best person stands for it."""
    names = [{"domain": "ACME-logistics.example"}, {"group_id": "s-acme"}]
    for name in [*names, {"account_id": known["account_id"]}]:
        told = rig.client.post("/v1/accounts/score", json={"account": name}).json()
        assert told["account_id"] == known["account_id"]
        assert told["band"] == "hot"
        assert told["mqa"] is False
        assert told["score"]["lead_id"] == known["lead_id"]
        assert told["people_total"] == len(told["people"]) == 2
        priorities = [person["priority"] for person in told["people"]]
        assert priorities == sorted(priorities, reverse=True)
        assert told["model"] == told["score"]["model"]
        assert (told["propensity"] is None) == (told["model"] is None)


@pytest.mark.parametrize("account", [{"domain": "no.example"}, {"account_id": "x"}])
def test_an_unknown_account_is_404(rig: Any, problem_of: Any, account: Any) -> None:
    """As for leads."""
    problem_of(rig.client.post("/v1/accounts/score", json={"account": account}), 404)


@pytest.mark.parametrize("body", [{}, {"account": {}}, {"account": {"domain": 7}}, {"account": 7}])
def test_a_wrong_account_request_is_400(rig: Any, problem_of: Any, body: Any) -> None:
    """As for leads."""
    problem_of(rig.client.post("/v1/accounts/score", json=body), 400)


def test_without_the_online_store_the_record_answers_and_it_is_said(
    rig: Any, known: dict[str, Any]
) -> None:
    """Degrades, never lies; and once it is back, nothing is degraded any more."""
    lead = {"lead": {"user_id": "s-user"}}
    rig.stop_store()
    try:
        for _ in range(5):
            told = rig.client.post("/v1/score", json=lead)
            assert told.status_code == 200
            assert stable(told.json()) == stable(known)
            assert "online_store" in told.json()["degraded"]
        assert rig.client.get("/readyz").status_code == 200
        assert "online_store" in rig.client.get("/healthz").json()["degraded"]
    finally:
        rig.start_store()
    # It comes back empty: the record answers, and it is said, until the worker has filled it.
    told = rig.client.post("/v1/score", json=lead)
    assert stable(told.json()) == stable(known)
    assert "online_store" in told.json()["degraded"]
    assert "online_store" in rig.client.get("/healthz").json()["degraded"]
    rig.work()
    for _ in range(100):
        told = rig.client.post("/v1/score", json=lead)
        assert stable(told.json()) == stable(known)
        if told.json()["degraded"] == ["model"]:
            return
        time.sleep(0.05)
    raise AssertionError("the api does not find back to the online store")


def test_damaged_tiles_in_the_online_store_are_no_failure(rig: Any, known: dict[str, Any]) -> None:
    """The record answers, alone and in a batch, and it is said."""
    with redis.Redis.from_url(rig.store.url) as store:
        key, field = key_of(Entity.LEAD, known["lead_id"]), FIELD[Entity.LEAD]
        good = store.hget(key, field)
        bad = bytearray(blob_of(good))
        bad[-1] = 0xBE
        store.hset(key, field, value_of(bytes(bad)))
        try:
            leads = {"leads": [{"user_id": "s-user"}] * 9}
            batch = rig.client.post("/v1/score/batch", json=leads)
            single = rig.client.post("/v1/score", json={"lead": {"user_id": "s-user"}})
        finally:
            store.hset(key, field, good)
    assert (batch.status_code, single.status_code) == (200, 200), batch.text
    assert stable(single.json()) == stable(known)
    assert "online_store" in single.json()["degraded"]


def test_a_past_moment_is_answered_as_it_was_then(
    rig: Any, known: dict[str, Any], problem_of: Any
) -> None:
    """For audits: the same score at that moment, and nobody before there was somebody."""
    then = known["as_of"]
    told = rig.client.post("/v1/score", json={"lead": {"user_id": "s-user"}, "as_of": then})
    assert told.status_code == 200, told.text
    assert told.json()["as_of"] == then
    assert stable(told.json()) == stable(known)
    for who in ({"user_id": "s-user"}, {"lead_id": known["lead_id"]}):
        early = {"lead": who, "as_of": "2020-01-01T00:00:00Z"}
        problem_of(rig.client.post("/v1/score", json=early), 404)
    told = rig.client.post("/v1/score", json={"lead": {"lead_id": known["lead_id"]}, "as_of": then})
    assert stable(told.json()) == stable(known)
    by_id = f"/v1/leads/{known['lead_id']}/features"
    past = rig.client.get(by_id, params={"as_of": then}).json()
    assert past["features"]["pricing_views_7d"] == 1
    assert past["as_of"] == then


def test_the_id_of_an_absorbed_lead_means_at_each_moment_whom_it_meant_then(
    rig: Any, problem_of: Any
) -> None:
    """The CRM holds the id of a visitor who turned out to be somebody: before that the id was the
    visitor's own, after it the survivor's; before the visitor came it was nobody's.
    """

    def say(path: str, **message: Any) -> str:
        before: str = to_iso(SystemClock().now())
        assert rig.pages.post(path, json=message).status_code == 200
        time.sleep(0.002)  # the next moment of milliseconds
        rig.work()
        return before

    say("/v1/page", userId="abs-user", properties={"path": "/pricing"})
    early = say("/v1/page", anonymousId="abs-visitor", properties={"path": "/demo"})
    apart = say("/v1/identify", anonymousId="abs-visitor", userId="abs-user")
    survivor = rig.client.get("/v1/score", params={"user_id": "abs-user"}).json()["lead_id"]
    query = {"anonymous_id": "abs-visitor", "as_of": apart}
    absorbed = rig.client.get("/v1/score", params=query).json()["lead_id"]
    assert absorbed != survivor
    together = to_iso(SystemClock().now())

    meant = {apart: (absorbed, 0, 1), together: (survivor, 1, 1)}
    for moment, (stood, pricing, demos) in meant.items():
        one = rig.client.get("/v1/score", params={"lead_id": absorbed, "as_of": moment})
        assert one.json()["lead_id"] == stood, one.text
        leads = {"leads": [{"lead_id": absorbed}, {"lead_id": survivor}], "as_of": moment}
        many = rig.client.post("/v1/score/batch", json=leads).json()["results"]
        assert [told["lead_id"] for told in many] == [stood, survivor]
        where = f"/v1/leads/{absorbed}/features"
        seen = rig.client.get(where, params={"as_of": moment}).json()["features"]
        assert (seen["pricing_views_7d"], seen["demo_views_7d"]) == (pricing, demos)
        why = rig.client.get(f"/v1/leads/{absorbed}/explain", params={"at": moment})
        assert why.json()["lead_id"] == stood, why.text
    query = {"lead_id": absorbed, "as_of": early}
    problem_of(rig.client.get("/v1/score", params=query), 404)
