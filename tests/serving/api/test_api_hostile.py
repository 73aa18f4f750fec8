"""Score calls that are wrong, hostile or not allowed: told every problem, never answered a 5xx."""

from __future__ import annotations

import gzip
import json
import random
import socket
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.http.strict import repeated
from serving.keys import KeyKind, create, revoke

LEAD = b'{"lead": {"user_id": "a"}}'
CALLS: dict[str, tuple[str, str, bytes]] = {
    "one": ("POST", "/v1/score", LEAD),
    "query": ("GET", "/v1/score?user_id=a", b""),
    "batch": ("POST", "/v1/score/batch", b'{"leads": [{"user_id": "a"}]}'),
    "account": ("POST", "/v1/accounts/score", b'{"account": {"domain": "a.example"}}'),
}
POSTED = [name for name in CALLS if name != "query"]


@pytest.mark.parametrize("name", CALLS)
def test_a_write_key_reads_no_scores(rig: Any, problem_of: Any, name: str) -> None:
    """It stands in web pages: whoever finds it there must learn nothing of anybody."""
    method, path, body = CALLS[name]
    told = problem_of(rig.pages.request(method, path, content=body), 403)
    assert "write key" in told["detail"]
    assert rig.client.request(method, path, content=body).status_code in {200, 404}
    ended = create(rig.engine, KeyKind.SECRET, 1)
    revoke(rig.engine, ended.id, 2)
    for key in ("", "no-such-key", rig.secret_key[:-1], rig.secret_key.upper(), ended.key):
        url = f"{rig.url}{path}"
        problem_of(httpx.request(method, url, content=body, auth=(key, "")), 403)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("where", ["key", "writeKey", "write_key", "api_key", "token"])
def test_a_key_in_the_query_opens_nothing(rig: Any, problem_of: Any, name: str, where: str) -> None:
    """Queries stand in the logs of every proxy on the way."""
    method, path, body = CALLS[name]
    link = "&" if "?" in path else "?"
    url = f"{rig.url}{path}{link}{where}={rig.secret_key}"
    problem_of(httpx.request(method, url, content=body), 403)


@pytest.mark.parametrize(
    "header",
    ["Basic ÿþ", "Basic ====", "Basic", "Bearer", "Bearer ÿ", "Digest a", "ÿ", "Basic w6k="],
)
def test_a_strange_authorization_is_refused_and_no_failure(
    rig: Any, problem_of: Any, header: str
) -> None:
    """Whatever a scanner sends there."""
    headers = {"authorization": header.encode("latin-1")}
    problem_of(httpx.post(f"{rig.url}/v1/score", content=LEAD, headers=headers), 403)  # type: ignore[arg-type]


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "NaN": b'{"lead": {"user_id": NaN}}',
    "Infinity": b'{"lead": {"user_id": "a"}, "as_of": -Infinity}',
    "a number beyond numbers": b'{"lead": {"user_id": 1e999}}',
    "a very long number": b'{"lead": {"user_id": ' + b"9" * 5_000 + b"}}",
    "no UTF-8": b'{"lead": {"user_id": "\xff\xfe"}}',
    "UTF-16": '{"lead": {"user_id": "a"}}'.encode("utf-16"),
    "half a surrogate": b'{"lead": {"user_id": "\\ud800"}}',
    "a byte order mark": b"\xef\xbb\xbf" + LEAD,
    "half": LEAD[:-3],
    "two": LEAD + LEAD,
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"lead": ' * 20_000 + b"1" + b"}" * 20_000,
    "a form": b"lead=a&user_id=b",
    "XML": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><lead>&e;</lead>',
    "an array": b"[]",
    "a text": b'"lead"',
    "null": b"null",
    "text behind": LEAD + b"x",
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("call", POSTED)
def test_a_body_that_is_no_question_is_400(rig: Any, problem_of: Any, call: str, name: str) -> None:
    """And the connection serves the next call all the same."""
    told = problem_of(rig.client.post(CALLS[call][1], content=BODIES[name]), 400)
    assert "JSON" in told["detail"] or told["problems"]
    assert len(told["detail"]) < 500


@pytest.mark.parametrize("nested", [(b"[", b"]"), (b'{"a": ', b"}"), (b'[{"a": ":", "c": ', b"}]")])
def test_a_body_is_400_however_deep_it_is(
    rig: Any, problem_of: Any, nested: tuple[bytes, bytes]
) -> None:
    """The parser and the look for names that stand twice end at depths of their own, and neither
    is known: it hangs on who called them. The colon in a text makes the second one look.
    """
    opened, closed = nested
    for depth in range(250, 1_050, 7):
        body = b'{"x": ":", "lead": ' + opened * depth + b"1" + closed * depth + b"}"
        problem_of(rig.client.post("/v1/score", content=body), 400)


@pytest.mark.parametrize("call", POSTED)
def test_a_large_body_is_413_before_it_is_parsed(rig: Any, problem_of: Any, call: str) -> None:
    """Plain, chunked, or blown up from a few bytes; a thousand leads of the longest names fit."""
    path = CALLS[call][1]
    large = b'{"x": "' + b"x" * 1_000_000 + b'"}'
    problem_of(rig.client.post(path, content=large), 413)
    problem_of(rig.client.post(path, content=iter([large[:600_000], large[600_000:]])), 413)
    for packed in (gzip.compress(b" " * 50_000_000), gzip.compress(large)):
        headers = {"content-encoding": "gzip"}
        problem_of(rig.client.post(path, content=packed, headers=headers), 413)
    most = {"leads": [{"anonymous_id": "x" * 256} for _ in range(1_000)]}
    assert rig.client.post("/v1/score/batch", json=most).status_code == 200


def test_packed_questions_are_understood_and_broken_ones_told(rig: Any, problem_of: Any) -> None:
    """gzip in one or more members; anything else is named."""
    told = {"content-encoding": "gzip"}
    halves = gzip.compress(LEAD[:9]) + gzip.compress(LEAD[9:])
    for body in (gzip.compress(LEAD), halves):
        problem_of(rig.client.post("/v1/score", content=body, headers=told), 404)
    for body in (LEAD, gzip.compress(LEAD)[:-4], gzip.compress(LEAD) + b"rest"):
        problem_of(rig.client.post("/v1/score", content=body, headers=told), 400)
    problem_of(rig.client.post("/v1/score", content=LEAD, headers={"content-encoding": "br"}), 400)


@pytest.mark.parametrize(
    "kind",
    ["application/xml", "text/html", "multipart/form-data; boundary=x", "image/png", "ÿ", "/"],
)
def test_what_says_that_it_is_no_json_is_415(rig: Any, problem_of: Any, kind: str) -> None:
    """A client that was set up wrongly is told at once and not by a puzzling 404."""
    headers: Any = {"content-type": kind.encode("latin-1")}
    told = problem_of(rig.client.post("/v1/score", content=LEAD, headers=headers), 415)
    assert "send JSON" in told["detail"]


@pytest.mark.parametrize(
    "kind",
    ["application/json", "Application/JSON; charset=utf-8", "application/vnd.acme+json",
     "text/plain", "application/x-www-form-urlencoded", ""],
)  # fmt: skip
def test_what_may_be_json_is_read(rig: Any, problem_of: Any, kind: str) -> None:
    """`curl -d` calls everything a form; a beacon of a page calls it text."""
    headers = {"content-type": kind} if kind else {}
    problem_of(rig.client.post("/v1/score", content=LEAD, headers=headers), 404)


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("/v1/score", b'{"lead": {"user_id": "a", "user_id": "b"}}', ["user_id"]),
        ("/v1/score", b'{"lead": {"user_id": "a"}, "lead": {"user_id": "a"}}', ["lead"]),
        ("/v1/score/batch", b'{"leads": [], "leads": [{"user_id": "a:b"}]}', ["leads"]),
        ("/v1/accounts/score", b'{"account": {"domain": "a", "\\u0064omain": "b"}}', ["domain"]),
    ],
)
def test_a_name_that_stands_twice_is_told(
    rig: Any, problem_of: Any, path: str, body: bytes, names: list[str]
) -> None:
    """Of two answers to one question one is wrong; parsers differ in which they take."""
    told = problem_of(rig.client.post(path, content=body), 400)
    assert [one["path"] for one in told["problems"]] == names


def test_a_name_twice_is_told_beside_the_other_problems(rig: Any, problem_of: Any) -> None:
    """One round of corrections: in a body and in a query."""
    body = b'{"explain": "short", "explain": "x", "lead": {"phone": "1"}}'
    told = problem_of(rig.client.post("/v1/score", content=body), 400)
    paths = {one["path"] for one in told["problems"]}
    assert paths == {"explain", "lead", "lead.phone"}
    told = problem_of(rig.client.get("/v1/score?email=a@b.example&email=c@d.example&x=1"), 400)
    assert {one["path"] for one in told["problems"]} == {"email", "x"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values, st.booleans())
def test_no_name_that_stands_once_is_taken_for_two(value: Any, plain: bool) -> None:
    """Colons in texts are no names."""
    body = json.dumps(value, ensure_ascii=not plain).encode("utf-8", "surrogatepass")
    assert repeated(body, value) == []


@given(st.lists(st.sampled_from("abc:"), min_size=1, max_size=6), st.text(max_size=5))
def test_every_name_that_stands_twice_is_found(names: list[str], text: str) -> None:
    """However the texts around look."""
    pairs = [f"{json.dumps(name)}: {json.dumps(text)}" for name in names]
    body = ('{"in": [{' + ", ".join(pairs) + "}]}").encode()
    twice = {name for name in names if names.count(name) > 1}
    assert set(repeated(body, json.loads(body))) == twice


REQUESTS = (
    b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
    b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef",
    b"POST /v1/score HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v1/score?user_id=\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET /v1/score?user_id=%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    b"GET  HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"POST /v1/score HTTP/1.1\r\nhost: x\r\n" + b"x-long: " + b"y" * 100_000 + b"\r\n\r\n",
)


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_what_is_hardly_http_is_refused(rig: Any, request_: bytes) -> None:
    """By the server or by us; the next caller notices nothing."""
    with socket.create_connection(("127.0.0.1", rig.settings.api.port), timeout=30) as wire:
        wire.sendall(request_)
        wire.shutdown(socket.SHUT_WR)
        try:
            told = wire.recv(1_000)
        except ConnectionResetError:
            told = b""
    assert told[:10] in {b"", b"HTTP/1.1 4"}, told
    assert rig.client.get("/livez").status_code == 200


def test_noise_is_never_a_failure(rig: Any) -> None:
    """A thousand wrong bytes in right questions; the seed is fixed."""
    chance = random.Random(11)
    for _ in range(300):
        call = chance.choice(POSTED)
        body = bytearray(CALLS[call][2])
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 3))
        told = rig.client.post(CALLS[call][1], content=bytes(body))
        assert told.status_code in {200, 400, 404}, (told.text, body)
