"""The doors for events: what is answered with 200 is in the log, what is refused is not."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import httpx
import pytest

from core.clock import SystemClock
from events.types import Door
from serving.keys import KeyKind, create, list_keys, revoke

PAGE = {"anonymousId": "a-1", "messageId": "m-1", "properties": {"path": "/pricing"}}


def bodies(rig: Any, after: int) -> list[Any]:
    return [json.loads(raw.body) for raw in rig.logged_since(after)]


@pytest.fixture
def before(rig: Any) -> int:
    """The log's end before the test: what comes behind it is the test's own."""
    return int(rig.log.last_offset())


def test_each_call_is_logged_with_its_kind_before_it_is_answered(rig: Any, before: int) -> None:
    """200 means on disk; the path says what a message is, short forms included."""
    for path in ("track", "page", "screen", "identify", "group", "alias"):
        response = rig.pages.post(f"/v1/{path}", json=PAGE)
        assert (response.status_code, response.json()) == (200, {"success": True})
    for path in "tpsiga":
        assert rig.pages.post(f"/v1/{path}", json=PAGE).status_code == 200
    kinds = ["track", "page", "screen", "identify", "group", "alias"]
    assert [body["type"] for body in bodies(rig, before)] == kinds * 2


def test_a_logged_event_knows_door_key_address_and_agent(rig: Any, before: int) -> None:
    """The worker, the audit and the privacy rules read them later."""
    rig.pages.post("/v1/page", json=PAGE, headers={"User-Agent": "Mozilla/5.0"})
    (raw,) = rig.logged_since(before)
    (key,) = [key for key in list_keys(rig.engine) if key.kind is KeyKind.WRITE][:1]
    assert (raw.door, raw.source, raw.key_id) == (Door.LIVE, "segment", key.id)
    assert (raw.ip, raw.user_agent) == ("127.0.0.1", "Mozilla/5.0")


def test_a_batch_is_split_and_what_it_says_for_all_is_merged_into_each(
    rig: Any, before: int
) -> None:
    """Segment's batch: context, integrations and sentAt stand once, an item's own word wins."""
    batch = {
        "batch": [
            {"type": "page", "anonymousId": "a", "context": {"locale": "de"}},
            {"type": "track", "event": "X", "userId": "u", "writeKey": "leaks"},
        ],
        "context": {"locale": "en", "library": {"name": "py"}},
        "integrations": {"All": True},
        "sentAt": "2026-01-01T00:00:00Z",
        "writeKey": rig.write_key,
    }
    assert httpx.post(f"{rig.url}/v1/batch", json=batch).status_code == 200
    first, second = bodies(rig, before)
    assert first["context"] == {"locale": "de", "library": {"name": "py"}}
    assert second["context"] == {"locale": "en", "library": {"name": "py"}}
    assert first["integrations"] == second["integrations"] == {"All": True}
    assert first["sentAt"] == second["sentAt"] == "2026-01-01T00:00:00Z"
    assert "writeKey" not in first
    assert "writeKey" not in second


def test_a_bad_item_refuses_no_batch(rig: Any, before: int) -> None:
    """Segment answers 200 as well: the item is kept, and becomes a failed event with its reason."""
    items = [{"type": "page", "anonymousId": "a"}, 7, None, "text", [1], {"context": 5}]
    assert rig.pages.post("/v1/batch", json={"batch": items, "context": {}}).status_code == 200
    assert bodies(rig, before) == items


def test_an_oversize_item_is_kept_cut_and_its_batch_accepted(rig: Any, before: int) -> None:
    """One fat event must not lose its neighbours; enough is kept to find its sender."""
    fat = {"type": "track", "event": "Fat", "messageId": "fat-1", "properties": {"x": "y" * 40_000}}
    assert rig.pages.post("/v1/batch", json={"batch": [fat, PAGE]}).status_code == 200
    cut, page = bodies(rig, before)
    assert "at most 32768" in cut["oversize"]
    assert (cut["messageId"], cut["event"]) == ("fat-1", "Fat")
    assert page == PAGE


def test_an_empty_batch_is_done_at_once(rig: Any, before: int) -> None:
    """Clients flush empty queues."""
    assert rig.pages.post("/v1/batch", json={"batch": []}).status_code == 200
    assert bodies(rig, before) == []


def test_history_needs_a_secret_key_and_its_own_door(
    rig: Any, before: int, problem_of: Any
) -> None:
    """A key that stands in a web page must not rewrite the past."""
    batch = {"batch": [PAGE]}
    problem_of(rig.pages.post("/v1/import", json=batch), 403)
    assert rig.client.post("/v1/import", json=batch).status_code == 200
    (raw,) = rig.logged_since(before)
    assert raw.door is Door.IMPORT


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def test_the_key_may_come_in_every_way_that_segment_takes(rig: Any) -> None:
    """Basic with the key as user name, Bearer, or `writeKey` in the body."""
    for headers, more in (
        ({"Authorization": basic(rig.write_key)}, {}),
        ({"Authorization": f"Bearer {rig.write_key}"}, {}),
        ({}, {"writeKey": rig.write_key}),
    ):
        sent = httpx.post(f"{rig.url}/v1/page", json={**PAGE, **more}, headers=headers)
        assert sent.status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic Og==",
        "Bearer nobody",
        "Digest x",
        basic("nobody"),
        "Basic /w==",
    ],
)
def test_without_a_known_key_nothing_is_accepted(
    rig: Any, before: int, problem_of: Any, authorization: str
) -> None:
    """403 is what the contract promises for every kind of refusal of a key."""
    headers = {"Authorization": authorization} if authorization else {}
    problem_of(httpx.post(f"{rig.url}/v1/track", json=PAGE, headers=headers), 403)
    assert bodies(rig, before) == []


def test_a_revoked_key_stops_within_a_second(rig: Any, problem_of: Any) -> None:
    """A leaked key has to be stoppable."""
    made = create(rig.engine, KeyKind.WRITE, SystemClock().now())
    headers = {"Authorization": f"Bearer {made.key}"}
    assert httpx.post(f"{rig.url}/v1/page", json=PAGE, headers=headers).status_code == 200
    revoke(rig.engine, made.id, SystemClock().now())
    for _ in range(300):
        response = httpx.post(f"{rig.url}/v1/page", json=PAGE, headers=headers)
        if response.status_code == 403:
            break
    problem_of(response, 403)


def test_bodies_may_be_gzip_and_of_any_content_type(rig: Any, before: int) -> None:
    """Server libraries zip; browsers post text/plain, which asks for no preflight."""
    body = json.dumps(PAGE).encode()
    for headers in (
        {"Content-Encoding": "gzip"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
    ):
        sent = gzip.compress(body) if "Content-Encoding" in headers else body
        assert rig.pages.post("/v1/page", content=sent, headers=headers).status_code == 200
    assert len(bodies(rig, before)) == 4


BOMB = gzip.compress(b" " * 50_000_000)
HOSTILE: dict[str, tuple[bytes, dict[str, str], int]] = {
    "empty": (b"", {}, 400),
    "no JSON": (b"hello", {}, 400),
    "cut": (b'{"a":', {}, 400),
    "two values": (b"{} {}", {}, 400),
    "NaN": (b'{"a": NaN}', {}, 400),
    "Infinity": (b'{"a": -Infinity}', {}, 400),
    "huge exponent": (b'{"a": 1e999}', {}, 400),
    "not UTF-8": (b'{"a": "\xff"}', {}, 400),
    "lone surrogate": (b'{"a": "\\ud800"}', {}, 400),
    "deep": (b'{"a":' + b"[" * 100_000, {}, 400),
    "array": (b"[]", {}, 400),
    "number": (b"7", {}, 400),
    "null": (b"null", {}, 400),
    "no gzip": (b"{}", {"Content-Encoding": "gzip"}, 400),
    "cut gzip": (gzip.compress(b'{"a":1}' * 99)[:-9], {"Content-Encoding": "gzip"}, 400),
    "bomb": (BOMB, {"Content-Encoding": "gzip"}, 413),
    "unknown encoding": (b"{}", {"Content-Encoding": "br"}, 400),
    "over size": (b'{"a":"' + b"x" * 600_000 + b'"}', {}, 400),
    "far over size": (b'{"a":"' + b"x" * 3_000_000 + b'"}', {}, 413),
}


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch", "/v1/import", "/v1/b"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_refused_and_nothing_is_accepted(
    rig: Any, before: int, problem_of: Any, path: str, name: str
) -> None:
    """Never a 5xx, never half an event, always a problem document."""
    body, headers, status = HOSTILE[name]
    problem_of(rig.client.post(path, content=body, headers=headers), status)
    assert bodies(rig, before) == []


@pytest.mark.parametrize("batch", [{}, {"batch": {}}, {"batch": None}, {"batch": "x"}])
def test_a_batch_without_items_says_where(rig: Any, problem_of: Any, batch: Any) -> None:
    """The sender learns the path of what is wrong."""
    told = problem_of(rig.pages.post("/v1/batch", json=batch), 400)
    assert [one["path"] for one in told["problems"]] == ["batch"]


def test_too_many_events_in_one_batch_are_refused(rig: Any, before: int, problem_of: Any) -> None:
    """Segment's limit is 2,500."""
    problem_of(rig.pages.post("/v1/batch", json={"batch": [1] * 2_501}), 400)
    assert bodies(rig, before) == []


def test_an_oversize_single_call_is_refused(rig: Any, before: int, problem_of: Any) -> None:
    """It stands alone, so its sender can be told at once."""
    problem_of(rig.pages.post("/v1/track", json={"event": "y" * 33_000}), 400)
    assert bodies(rig, before) == []


def pixel_data(message: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(message).encode()).decode().rstrip("=")


def test_a_pixel_is_an_event_in_either_form(rig: Any, before: int) -> None:
    """Emails run no script: an image request is all there is."""
    message = {**PAGE, "event": "Email Opened", "writeKey": rig.write_key, "x": "??>>~~"}
    data = pixel_data(message)
    flat = f"writeKey={rig.write_key}&userId=7&event=Email+Opened&properties.subject=Hi"
    for query in (
        f"data={data}",
        f"data={base64.b64encode(json.dumps(message).encode()).decode()}",
        flat,
    ):
        response = httpx.get(f"{rig.url}/v1/pixel/track?{query}")
        assert response.status_code == 200
        assert response.headers["content-type"] == "image/gif"
        assert response.content.startswith(b"GIF89a")
    first, second, third = bodies(rig, before)
    assert first == second == {**PAGE, "event": "Email Opened", "type": "track", "x": "??>>~~"}
    assert (third["userId"], third["properties"]) == ("7", {"subject": "Hi"})


@pytest.mark.parametrize("query", ["", "data=%%%", "data=e30", "data=W10", "a.b=1&a=2&a.c=3"])
def test_a_broken_pixel_is_still_an_image(rig: Any, before: int, query: str) -> None:
    """A reader of an email never sees an error of ours."""
    response = httpx.get(f"{rig.url}/v1/pixel/track?{query}")
    assert (response.status_code, response.headers["content-type"]) == (200, "image/gif")
    assert bodies(rig, before) == []


def test_a_page_of_another_origin_may_send(rig: Any) -> None:
    """The browser SDK runs on the customer's site; scores stay closed to pages."""
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = httpx.options(f"{rig.url}/v1/t", headers=origin)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    sent = rig.pages.post("/v1/t", json=PAGE, headers=origin)
    assert sent.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in rig.client.get("/v1/signals").headers
    assert "access-control-allow-origin" not in httpx.options(f"{rig.url}/v1/import").headers


def test_the_browser_sdk_gets_its_settings(rig: Any, problem_of: Any) -> None:
    """It loads them first, and then posts to the host they name."""
    told = httpx.get(f"{rig.url}/v1/projects/{rig.write_key}/settings").json()
    here = told["integrations"]["Segment.io"]
    assert f"{here['protocol']}://{here['apiHost']}" == f"{rig.url}/v1"
    problem_of(httpx.get(f"{rig.url}/v1/projects/nobody/settings"), 403)


def test_paths_and_methods_that_do_not_exist_say_so(rig: Any, problem_of: Any) -> None:
    """In the same shape as every other refusal, also behind the BentoML service."""
    problem_of(rig.client.get("/nothing"), 404)
    problem_of(rig.client.get("/v1/score/nothing"), 404)
    problem_of(rig.client.get("/v1/track/"), 404)
    refused = rig.client.get("/v1/track")
    problem_of(refused, 405)
    assert "POST" in refused.headers["allow"]
    problem_of(rig.client.delete("/v1/score"), 405)


def test_a_full_log_is_503_with_a_time_to_come_back(
    rig: Any, before: int, problem_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is accepted that cannot be kept."""
    import sqlite3

    outside = sqlite3.connect(rig.installation.log_db, isolation_level=None)
    outside.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    try:
        refused = rig.pages.post("/v1/batch", json={"batch": [PAGE, PAGE]})
    finally:
        outside.execute("DROP TRIGGER full")
        outside.close()
    problem_of(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert bodies(rig, before) == []
    assert rig.pages.post("/v1/page", json=PAGE).status_code == 200


def test_segments_own_python_client_posts_to_it(rig: Any, before: int) -> None:
    """Compatible means: with the vendor's library, only the host changed."""
    from segment.analytics.client import Client

    client = Client(rig.write_key, host=rig.url, gzip=True, sync_mode=False)
    client.identify("user-9", {"email": "nine@acme.example"})
    client.track("user-9", "Form Submitted", {"form": "demo"})
    client.page(anonymous_id="anon-9", properties={"path": "/pricing"})
    client.group("user-9", "acme", {"industry": "logistics"})
    client.flush()
    client.join()
    sent = bodies(rig, before)
    assert [body["type"] for body in sent] == ["identify", "track", "page", "group"]
    assert all(body["sentAt"] and body["messageId"] for body in sent)
    assert rig.write_key not in json.dumps(sent)
