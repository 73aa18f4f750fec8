"""What people read: within Slack's limits, and no name can steer channel or terminal."""

from __future__ import annotations

import io
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signal_fakes import receiving, signal_of

from rules.facts import DESTINATION_KINDS
from signals.destinations.attempt import Message, Outcome
from signals.destinations.console import Console
from signals.destinations.lines import within
from signals.destinations.post import Poster
from signals.destinations.slack import Slack, escape, slack_body
from signals.destinations.table import KINDS

HOSTILE = st.text(max_size=4_000) | st.sampled_from(["<!channel>", "&" * 3_000, "\x1b[2J\n<a|b>"])


def event_of(text: str) -> dict:
    event = signal_of().to_cloudevent()
    event["data"]["person"] = {"first_name": text, "last_name": text, "title": text}
    event["data"]["company"] = {"name": text}
    event["data"]["route"]["owner"] = text
    reason = {"kind": "rule", "id": "x", "text": text, "effect": 1.0}
    event["data"]["score"]["reasons"] = [reason] * 5
    return event


def message_of(event: dict) -> Message:
    return Message("signal-1", msgspec.json.encode(event))


@given(HOSTILE)
def test_any_text_stays_within_slacks_limits(text):
    """Slack refuses a whole message for one letter too many."""
    body = slack_body(event_of(text))
    header, facts, *rest = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(facts["fields"]) <= 10
    assert all(len(field["text"]) <= 2_000 for field in facts["fields"])
    assert all(len(section["text"]["text"]) <= 3_000 for section in rest)


@given(st.text(alphabet="&<>ab\n", max_size=400), st.integers(10, 100))
def test_escapes_are_complete_and_never_cut(text, limit):
    """A half escape shows as rubbish; a missing one calls the whole channel."""
    found = escape(text, limit)
    assert len(found) <= limit
    assert "<" not in found
    assert ">" not in found
    assert re.sub("&(amp|lt|gt);", "", found).count("&") == 0


def test_a_signal_shows_who_why_and_by_when():
    """What a seller needs before the call."""
    told = msgspec.json.encode(slack_body(signal_of().to_cloudevent())).decode()
    for wanted in ("Hot lead: Ann Lee", "VP Finance", "Acme", "rep-1", "1 h", "+12.0 3 pricing"):
        assert wanted in told


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (400, Outcome.REFUSED),
        (403, Outcome.GONE),
        (404, Outcome.GONE),
        (410, Outcome.GONE),
        (429, Outcome.SLOW_DOWN),
        (500, Outcome.FAILED),
    ],
)
def test_each_answer_of_slack_means_what_slack_says(status, outcome):
    """200 `ok` is success; a channel or hook that is gone will not come back."""
    with receiving() as receiver:
        receiver.answers.append((status, {"retry-after": "3"}))
        poster = Poster(receiver.url, 5.0, allow_private=True)
        attempt = Slack(poster).send(message_of(signal_of().to_cloudevent()), 0)
    assert attempt.outcome is outcome
    assert set(msgspec.json.decode(receiver.requests[0].body)) == {"text", "blocks"}


def test_a_page_that_answers_200_is_not_slack():
    """A proxy's login page also answers 200: only `ok` is Slack's word for it."""
    with receiving() as receiver:
        receiver.answers.append((200, {"content-length": "1"}))
        poster = Poster(receiver.url, 5.0, allow_private=True)
        attempt = Slack(poster).send(message_of(signal_of().to_cloudevent()), 0)
    assert attempt.outcome is Outcome.FAILED


def test_the_console_prints_one_line_a_signal():
    """Type, person, company, owner, reasons."""
    stream = io.StringIO()
    Console(stream).send(message_of(signal_of().to_cloudevent()), 0)
    assert stream.getvalue() == (
        "lead.hot       · Ann Lee (VP Finance) · Acme · → rep-1 · +12.0 3 pricing visits\n"
    )


@given(HOSTILE)
def test_no_text_steers_the_terminal_or_forges_a_line(text):
    """Names come from web forms."""
    stream = io.StringIO()
    Console(stream).send(message_of(event_of(text)), 0)
    line = stream.getvalue()
    assert line.endswith("\n")
    assert line[:-1].isprintable()


def test_a_closed_console_is_a_failed_attempt():
    """A pipe that broke must not end the process."""
    stream = io.StringIO()
    stream.close()
    attempt = Console(stream).send(message_of(signal_of().to_cloudevent()), 0)
    assert attempt.outcome is Outcome.FAILED


def test_times_to_answer_read_well():
    """`3600 s` makes a seller calculate."""
    assert [within(seconds) for seconds in (45, 900, 3_600, 5_400, 172_800)] == [
        "45 s", "15 min", "1 h", "90 min", "2 d",
    ]  # fmt: skip


def test_rules_know_every_kind_of_destination() -> None:
    """`rules check` refuses the others, and may not look here: this keeps the two of one mind."""
    assert sorted(DESTINATION_KINDS) == sorted(KINDS)


def drift_of(text: str) -> dict:
    alarm = {"name": text, "value": 0.4, "limit": 0.25, "text": text, "new": True}
    return {
        "type": "model.drift",
        "data": {
            "lead_id": None,
            "model": {"name": text, "version": "3"},
            "text": text,
            "alarms": [alarm] * 9,
            "do": "look at it",
            "route": {"owner": text, "respond_within_s": 3_600},
        },
    }


@given(HOSTILE)
def test_a_signal_of_a_model_is_read_like_one_of_a_lead(text):
    """It has neither a person nor a score; whoever runs the models reads the same channels."""
    header, *sections = slack_body(drift_of(text))["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert all(len(one["text"]["text"]) <= 3_000 for one in sections[:-1])
    assert sections[1]["text"]["text"] == "look at it"
    stream = io.StringIO()
    Console(stream).send(message_of(drift_of(text)), 0)
    assert stream.getvalue().count("\n") == 1


def test_a_drifting_model_is_named_with_what_moved():
    """One line on the console, and Slack's preview of the message."""
    event = drift_of("calls_7d has moved, PSI 0.40")
    event["data"]["model"]["name"] = "lead_propensity"
    event["data"]["route"]["owner"] = "model-operators"
    stream = io.StringIO()
    Console(stream).send(message_of(event), 0)
    told = "model.drift    · lead_propensity 3 · → model-operators · calls_7d has moved, PSI 0.40\n"
    assert stream.getvalue() == told
    title = "Model drifts: lead_propensity 3"
    assert slack_body(event)["text"] == f"{title} · calls_7d has moved, PSI 0.40"
