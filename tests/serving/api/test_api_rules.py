"""`/v1/rules`: drafts, publications and snoozes over HTTP, each with the right that it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli import run
from core.clock import SystemClock
from rules.life.publish import Edit, put_in_force
from serving.keys import KeyKind, Scope, create
from tests.rules_life.small import SMALL, edited


@pytest.fixture
def draft(rig: Any) -> Iterator[str]:
    """A name that no other test has; the rules in force are small ones."""
    name = f"draft-{time.monotonic_ns()}"
    put(rig, name, edited(20))
    assert publish(rig, name, note="for this test").status_code == 200
    yield name
    rig.client.delete(f"/v1/rules/drafts/{name}")


def put(rig: Any, name: str, files: dict[str, str], revision: int = 0) -> httpx.Response:
    body = {"files": files, "revision": revision}
    answer: httpx.Response = rig.client.put(f"/v1/rules/drafts/{name}", json=body)
    return answer


def publish(rig: Any, name: str, **body: Any) -> httpx.Response:
    answer: httpx.Response = rig.client.post(f"/v1/rules/drafts/{name}/publish", json=body)
    return answer


def live(rig: Any) -> dict[str, Any]:
    told: dict[str, Any] = rig.client.get("/v1/rules").json()["live"]
    return told


def as_key(rig: Any, *scopes: Scope) -> httpx.Client:
    made = create(rig.engine, KeyKind.SECRET, SystemClock().now(), scopes)
    return httpx.Client(base_url=rig.url, auth=(made.key, ""), timeout=120)


def test_an_edit_from_draft_to_publication_and_back(rig: Any, draft: str) -> None:
    """The whole way of the console, and every step tells what it did."""
    before = live(rig)["number"]
    written = put(rig, draft, edited(17), revision=1)
    assert written.json()["revision"] == 2
    way = f"/v1/rules/drafts/{draft}"
    checked = rig.client.post(f"{way}/check").json()
    assert (checked["ok"], checked["rules"], checked["problems"]) == (True, 8, [])
    tested = rig.client.post(f"{way}/test").json()
    assert (tested["ok"], tested["examples"], tested["problems"]) == (True, 17, [])
    shown = rig.client.get("/v1/rules/diff", params={"draft": draft}).json()
    assert "  ~ target_industry: points 20 → 17" in shown["lines"]

    assert publish(rig, draft, author="ana").json() == {"version": before + 1, "new": True}

    told = live(rig)
    assert (told["number"], told["parent"], told["source"]) == (before + 1, before, "api")
    assert told["author"].startswith("ana (key ")
    assert told["note"] == "1 rule changed (target_industry)"
    version = rig.client.get(f"/v1/rules/versions/{before + 1}").json()
    assert version["files"] == edited(17)
    assert version["diff"]["changes"][0]["name"] == "target_industry"
    again = publish(rig, draft)
    assert again.json() == {"version": before + 1, "new": False}

    back = rig.client.post("/v1/rules/rollback", json={"note": "too low"})
    assert back.json() == {"version": before, "new": True}
    assert live(rig)["since"]["reason"] == "too low"


def test_a_published_version_answers_without_a_restart(rig: Any, draft: str) -> None:
    """Scores name the version that made them, and have its points."""
    group = {"userId": "r-1", "groupId": "r-1", "traits": {"industry": "logistics"}}
    rig.client.post("/v1/group", json=group)
    rig.work()
    put(rig, draft, edited(13), revision=1)
    version = publish(rig, draft).json()["version"]
    for _ in range(600):
        told = rig.client.get("/v1/score", params={"user_id": "r-1"}).json()
        if told["rules"]["version"] == str(version):
            break
        time.sleep(0.05)
    assert told["rules"] == {"version": str(version)}
    assert told["fit"]["points"] == 13
    metrics = rig.client.get("/metrics").text
    assert f"leadline_rules_version {float(version)}" in metrics


def test_a_draft_begins_as_a_copy_of_what_is_in_force(rig: Any, draft: str) -> None:
    """Nobody types 53 rules into a console."""
    way = f"/v1/rules/drafts/{draft}"
    rig.client.delete(way, params={"revision": 1})
    assert rig.client.get(way).status_code == 404
    began = rig.client.put(way, json={}).json()
    assert (began["files"], began["revision"], began["base"]) == (SMALL, 1, live(rig)["number"])
    listed = rig.client.get("/v1/rules/drafts").json()["drafts"]
    assert {"files"}.isdisjoint(listed[0])
    assert draft in {one["name"] for one in listed}


def test_a_broken_draft_is_told_in_full_and_refused(rig: Any, draft: str, problem_of: Any) -> None:
    """`check` answers it, `publish` refuses it, and the live version stays."""
    before = live(rig)["number"]
    broken = {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("points:", "pionts:")}
    assert put(rig, draft, broken, revision=1).status_code == 200
    checked = rig.client.post(f"/v1/rules/drafts/{draft}/check").json()
    assert not checked["ok"]
    assert len(checked["problems"]) == 4
    told = problem_of(publish(rig, draft), 400)
    assert told["problems"] == checked["problems"]
    assert live(rig)["number"] == before


def test_a_wrong_example_is_refused(rig: Any, draft: str, problem_of: Any) -> None:
    """The same as on the command line."""
    wrong = {**SMALL, "fit.yaml": SMALL["fit.yaml"].replace("[US, UK]", "[US]")}
    put(rig, draft, wrong, revision=1)
    tested = rig.client.post(f"/v1/rules/drafts/{draft}/test").json()
    assert (tested["ok"], len(tested["problems"])) == (False, 1)
    assert problem_of(publish(rig, draft), 400)["problems"] == tested["problems"]


def test_lost_updates_and_late_publishers_are_conflicts(
    rig: Any, draft: str, problem_of: Any
) -> None:
    """409 names who was faster."""
    put(rig, draft, edited(11), revision=1)
    assert "revision 2" in problem_of(put(rig, draft, edited(12), revision=1), 409)["detail"]
    late = publish(rig, draft, expected=live(rig)["number"] - 1)
    assert "was published by key " in problem_of(late, 409)["detail"]


def test_scopes_keep_drafting_and_publishing_apart(rig: Any, draft: str, problem_of: Any) -> None:
    """Who writes rules and who puts them in force may be different people."""
    way = f"/v1/rules/drafts/{draft}"
    plain, drafter = as_key(rig), as_key(rig, Scope.RULES_DRAFT)
    publisher = as_key(rig, Scope.RULES_PUBLISH)
    with plain, drafter, publisher:
        assert plain.get(way).status_code == plain.get("/v1/rules").status_code == 200
        told = problem_of(plain.put(way, json={}), 403)
        assert "lacks the scope rules:draft" in told["detail"]
        for path in ("check", "test"):
            problem_of(plain.post(f"{way}/{path}"), 403)
        assert drafter.put(way, json={"files": SMALL, "revision": 1}).status_code == 200
        problem_of(drafter.post(f"{way}/publish", json={}), 403)
        problem_of(drafter.post("/v1/rules/rollback", json={}), 403)
        problem_of(drafter.post("/v1/rules/snoozes", json={}), 403)
        problem_of(drafter.delete("/v1/rules/snoozes/1"), 403)
        problem_of(publisher.delete(way), 403)
        assert publisher.post(f"{way}/publish", json={}).status_code == 200
    problem_of(rig.pages.get("/v1/rules"), 403)


def test_ten_megabytes_are_too_large(rig: Any, draft: str, problem_of: Any) -> None:
    """Refused before it is read to its end."""
    problem_of(put(rig, draft, {"fit.yaml": "#" * 10_000_000}, revision=1), 413)


def test_every_wrong_field_is_named(rig: Any, draft: str, problem_of: Any) -> None:
    """And a file of a draft is no path."""
    body = {"files": {"../x.yaml": "a", "fit.yaml": 7}, "revision": "one", "more": 1}
    told = problem_of(rig.client.put(f"/v1/rules/drafts/{draft}", json=body), 400)
    paths = [one["path"] for one in told["problems"]]
    assert paths == ["more", "files.../x.yaml", "files.fit.yaml", "revision"]
    for way in ("diff?from=x", "stats?days=0", "stats?days=x", "diff?draft=a&to=1", "?cursor=x"):
        slash = "" if way.startswith("?") else "/"
        problem_of(rig.client.get(f"/v1/rules{slash}{way}"), 400)
    for way in ("versions/0", "versions/x", "versions/99999999999", "drafts/No", "diff?to=9999"):
        problem_of(rig.client.get(f"/v1/rules/{way}"), 404)


def test_a_rule_is_snoozed_for_one_company_until_it_is_not(
    rig: Any, draft: str, problem_of: Any
) -> None:
    """The score says so, and only while it is true; the other company keeps its points."""
    for who in ("s-1", "s-2"):
        traits = {"industry": "logistics", "domain": f"{who}.example"}
        rig.client.post("/v1/group", json={"userId": who, "groupId": who, "traits": traits})
    rig.work()
    ask = {"rule": "target_industry", "account": "s-1.example", "until": "2999-01-01"}
    wrong = problem_of(rig.client.post("/v1/rules/snoozes", json=ask), 400)
    assert [one["path"] for one in wrong["problems"]] == ["until"]
    until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
    begun = rig.client.post("/v1/rules/snoozes", json={**ask, "until": until, "note": "a pilot"})
    number = begun.json()["number"]
    listed = rig.client.get("/v1/rules/snoozes").json()["snoozes"]
    assert [one["note"] for one in listed if one["number"] == number] == ["a pilot"]

    def until_points(who: str, points: int) -> dict[str, Any]:
        for _ in range(600):
            told: dict[str, Any] = rig.client.get("/v1/score", params={"user_id": who}).json()
            if told["fit"]["points"] == points:
                return told
            time.sleep(0.05)
        raise AssertionError(told)

    assert until_points("s-1", 0)["rules"]["snoozed"] == ["target_industry"]
    assert "snoozed" not in until_points("s-2", 20)["rules"]
    assert rig.client.delete(f"/v1/rules/snoozes/{number}").json() == {"ended": number}
    assert "snoozed" not in until_points("s-1", 20)["rules"]
    problem_of(rig.client.delete(f"/v1/rules/snoozes/{number}"), 404)


def test_what_cannot_be_snoozed_is_told_with_the_closest(
    rig: Any, draft: str, problem_of: Any
) -> None:
    """All at once."""
    rig.client.post("/v1/group", json={"userId": "s-3", "groupId": "s-3",
                                       "traits": {"domain": "harbor.example"}})  # fmt: skip
    rig.work()
    ask = {"rule": "target_industri", "account": "harbour.example", "until": "soon"}
    told = problem_of(rig.client.post("/v1/rules/snoozes", json=ask), 400)
    said = {one["path"]: one["message"] for one in told["problems"]}
    assert "did you mean `target_industry`?" in said["rule"]
    assert "did you mean `harbor.example`?" in said["account"]
    assert "is no date" in said["until"]
    route = {"rule": "known_owner", "account": "harbor.example", "until": "2026-01-01"}
    told = problem_of(rig.client.post("/v1/rules/snoozes", json=route), 400)
    assert "edit the route instead" in told["problems"][0]["message"]


def test_stats_and_pages_of_versions(rig: Any, draft: str) -> None:
    """A console shows them without knowing how many there are."""
    put(rig, draft, edited(14), revision=1)
    publish(rig, draft)
    first = rig.client.get("/v1/rules", params={"limit": 1}).json()
    second = rig.client.get("/v1/rules", params={"limit": 1, "cursor": first["next"]}).json()
    numbers = [page["versions"][0]["number"] for page in (first, second)]
    assert numbers == [live(rig)["number"], live(rig)["number"] - 1]
    told = rig.client.get("/v1/rules/stats").json()
    assert told["version"] == numbers[0]
    assert {one["rule"] for one in told["rules"]} >= {"target_industry", "known_owner"}


def test_rules_that_this_program_cannot_compile_leave_the_last_good_ones(
    rig: Any, draft: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another version of the program published them: readiness, metrics, scores and doctor tell."""
    good = live(rig)["number"]
    newer = Edit({**SMALL, "fit.yaml": "words: [of, tomorrow]"}, "ana", "", "cli")
    broken = put_in_force(rig.engine, newer, None, SystemClock().now()).version

    def told() -> dict[str, Any]:
        answer: dict[str, Any] = rig.client.get("/readyz").json()
        return answer

    for _ in range(600):
        if "detail" in told():
            break
        time.sleep(0.05)
    assert told()["status"] == "ready"
    assert "rules" in told()["degraded"]
    assert f"rules version {broken} refused" in told()["detail"]
    metrics = rig.client.get("/metrics").text
    assert "leadline_rules_refused 1.0" in metrics
    assert f"leadline_rules_version {float(good)}" in metrics
    assert run(["doctor", "--json", "--data", str(rig.installation.root)]) == 1
    found = {one["subject"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["release"]["state"] == "wrong"
    assert f"version {good} serves in its place" in found["release"]["told"]
    rig.client.post("/v1/rules/rollback", json={})
    for _ in range(600):
        if "detail" not in told():
            return
        time.sleep(0.05)
    raise AssertionError(told())
