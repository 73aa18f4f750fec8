"""accept: raw events → events, or all that is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import HOUR, from_iso
from core.crypto import sha256_hex
from core.settings import Identity
from events.intake.accept import accept
from events.intake.segment import event_name
from events.types import Door, Event, FailedEvent, Identifier, IdentifierKind, RawEvent

NOW = from_iso("2026-03-02T10:00:00Z")


def raw(message: Any, door: Door = Door.LIVE) -> RawEvent:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return RawEvent(offset=7, recorded_at=NOW, door=door, source="segment", key_id="k",
                    ip="198.51.100.7", user_agent="agent", body=body)  # fmt: skip


def one(message: Any, door: Door = Door.LIVE) -> Event | FailedEvent:
    return accept([raw(message, door)], Identity())[0]


def event(message: Any, door: Door = Door.LIVE) -> Event:
    accepted = one({"type": "track", "event": "X", "userId": "u", **message}, door)
    assert isinstance(accepted, Event), accepted
    return accepted


def failed(message: Any, door: Door = Door.LIVE) -> FailedEvent:
    refused = one(message, door)
    assert isinstance(refused, FailedEvent), refused
    return refused


def test_a_segment_track_call_becomes_an_event() -> None:
    """The fields that later stages read, in our words."""
    told = event(
        {
            "event": "Form Submitted",
            "anonymousId": "a",
            "messageId": "m",
            "properties": {"email": " VP@Acme.com ", "session_id": 5},
            "context": {"page": {"url": "https://x.test/pricing?a=b"}},
        }
    )
    assert (told.name, told.kind, told.message_id) == ("form_submitted", "track", "m")
    assert told.path == "/pricing"
    assert told.session_id == "5"
    assert told.email == "vp@acme.com"
    assert told.identifiers == (
        Identifier(IdentifierKind.USER_ID, "u"),
        Identifier(IdentifierKind.EMAIL, sha256_hex("vp@acme.com")),
        Identifier(IdentifierKind.ANONYMOUS_ID, "a"),
    )


@pytest.mark.parametrize("told", ["Form Submitted", "form-submitted", "FormSubmitted"])
def test_the_ways_of_writing_a_name_are_one_event(told: str) -> None:
    """Pure markers like `AppointmentCreated` come in every style."""
    assert event_name(told) == "form_submitted"


def test_an_email_in_any_other_event_names_nobody() -> None:
    """`Invite Sent {email}` is the colleague's address: it must not melt two people into one."""
    told = event({"event": "Invite Sent", "properties": {"email": "colleague@acme.com"}})
    assert told.identifiers == (Identifier(IdentifierKind.USER_ID, "u"),)


def test_a_hashed_email_is_the_same_identifier_as_the_clear_one() -> None:
    """Senders may hash (SHA-256) what they may not send."""
    clear = event({"type": "identify", "traits": {"email": "a@b.com"}})
    hashed = event({"type": "identify", "traits": {"email": sha256_hex("a@b.com")}})
    assert clear.identifiers == hashed.identifiers


def test_live_time_is_corrected_by_the_senders_clock() -> None:
    """timestamp = receivedAt − (sentAt − originalTimestamp): a wrong clock cancels out."""
    told = event({"timestamp": "2031-01-01T00:00:00Z", "sentAt": "2031-01-01T01:00:00Z"})
    assert told.occurred_at == NOW - HOUR
    assert told.known_at == NOW
    assert not told.clamped


def test_the_future_is_cut_to_the_time_of_receipt_and_said() -> None:
    """Nothing occurs after it was known: windows rely on it."""
    told = event({"timestamp": "2031-01-01T00:00:00Z"})
    assert told.occurred_at == NOW
    assert told.clamped


def test_history_is_known_when_it_occurred_whatever_was_sent() -> None:
    """The door for history: an event's arrival time is its own time; sentAt is ignored."""
    told = event(
        {"timestamp": "2026-01-01T00:00:00Z", "sentAt": "2026-03-01T00:00:00Z"}, Door.IMPORT
    )
    assert told.occurred_at == told.known_at == from_iso("2026-01-01")
    assert told.recorded_at == NOW


def test_history_without_its_own_time_is_refused() -> None:
    """Taking the time of import would put years of history into today."""
    refused = failed({"type": "track", "event": "X", "userId": "u"}, Door.IMPORT)
    assert [problem.path for problem in refused.problems] == ["timestamp"]


def test_all_problems_are_told_at_once() -> None:
    """One round trip to repair an event, not five."""
    refused = failed({"type": "trak", "userId": [1], "timestamp": "soon", "context": 3})
    assert {problem.path for problem in refused.problems} == {
        "type",
        "userId",
        "timestamp",
        "context",
    }
    assert refused.reason == "contract"


@pytest.mark.parametrize("blank", ["", "0", "000-0000", "null", "-1", "Anonymous", None, "  "])
def test_an_id_that_everybody_shares_is_nobodys(blank: str | None) -> None:
    """`null` or zeros as an id would melt thousands of visitors into one lead."""
    refused = failed({"type": "page", "userId": blank, "anonymousId": blank})
    assert "no identifier" in refused.problems[0].message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "malformed"),
        (b"\xff", "malformed"),
        (b"null", "malformed"),
        (b"[]", "malformed"),
        (b'"\\ud800"', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"oversize": "33,000 bytes"}', "oversize"),
        (b"{}", "contract"),
    ],
)
def test_what_is_no_event_is_kept_with_its_reason(body: bytes, reason: str) -> None:
    """Bad data is a value: kept and repairable, never an exception."""
    assert failed(body).reason == reason


_LARGE = [2**64, -(2**63) - 1, 10**400]


@pytest.mark.parametrize("number", _LARGE)
def test_a_number_that_no_store_holds_is_told_by_its_field(number: int) -> None:
    """It would fail much later, as a fault of ours, and name nothing."""
    properties = {"value": number, "duration_s": number, "lines": [{"amount": number}], "n": 1}
    refused = failed({"type": "track", "event": "X", "userId": "u", "properties": properties})
    assert refused.reason == "contract"
    assert {problem.path for problem in refused.problems} == {
        "properties.value",
        "properties.duration_s",
        "properties.lines.0.amount",
    }
    refused = failed({"type": "group", "groupId": "g", "userId": "u", "traits": {"size": number}})
    assert [problem.path for problem in refused.problems] == ["traits.size"]


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63), 1e300])
def test_a_number_that_fits_is_kept(number: float) -> None:
    """Ids of 64 bits are whole numbers in many systems."""
    assert event({"properties": {"value": number}}).properties == {"value": number}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["type", "event", "userId", "anonymousId", "messageId", "timestamp", "sentAt",
             "context", "properties", "traits", "groupId", "externalIds", "page", "url", "email"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=12,
)  # fmt: skip


@given(message=_JSON, door=st.sampled_from(Door))
def test_any_json_gets_an_answer(message: Any, door: Door) -> None:
    """Whatever comes in, accept returns one result and raises nothing."""
    assert len(accept([raw(message, door)], Identity())) == 1
