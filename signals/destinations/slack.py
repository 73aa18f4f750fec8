"""A Slack channel, through its incoming webhook."""

from __future__ import annotations

from typing import Any

import msgspec
from slack_sdk.models.blocks import Block, HeaderBlock, MarkdownTextObject, SectionBlock

from signals.destinations.attempt import Attempt, Message, Outcome
from signals.destinations.lines import (
    about_model,
    company_name,
    person_name,
    person_told,
    printable,
    reasons_told,
    within,
)
from signals.destinations.post import Answer, Poster

HEADER = 150
SECTION = 3_000
FIELD = 2_000
TEXT = 3_000

_TITLES = {
    "lead.hot": "Hot lead",
    "lead.cooled": "Lead cooled down",
    "lead.suppressed": "Lead suppressed",
    "lead.identified": "Lead identified",
    "account.mqa": "Account is qualified",
    "account.cooled": "Account cooled down",
    "outcome.won": "Deal won",
    "outcome.lost": "Deal lost",
    "model.drift": "Model drifts",
}
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_GONE = frozenset({403, 404, 410})
_REFUSED = frozenset({400, 413})


class Slack:
    pace_s = 1.0  # Slack's limit for one channel

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def send(self, message: Message, at: int) -> Attempt:
        body = msgspec.json.encode(slack_body(message.event()))
        return _attempt(self._poster.post(body, {"content-type": "application/json"}, at))


def _attempt(answer: Answer) -> Attempt:
    status = answer.status
    if status is None:
        return Attempt(Outcome.FAILED, None, answer.text)
    error = f"Slack answered {status} {printable(answer.text[:200])}"
    if status == 200:
        told_ok = answer.text.strip() == "ok"
        return Attempt(Outcome.DELIVERED, 200) if told_ok else Attempt(Outcome.FAILED, 200, error)
    if status in _GONE:
        return Attempt(Outcome.GONE, status, error)
    if status in _REFUSED:
        return Attempt(Outcome.REFUSED, status, error)
    outcome = Outcome.SLOW_DOWN if status == 429 else Outcome.FAILED
    return Attempt(outcome, status, error, answer.retry_after_s)


def slack_body(event: dict[str, Any]) -> dict[str, Any]:
    """A signal as `{"text", "blocks"}`: a fallback line, then header, facts and reasons."""
    data = event["data"]
    if (model := about_model(data)) is not None:
        return _model_body(f"{_title(event)}: {model}", data)
    title = f"{_title(event)}: {person_name(data)}"
    reasons = "\n".join(f"• {reason}" for reason in reasons_told(data))
    blocks: list[Block] = [
        HeaderBlock(text=escape(title, HEADER)),
        SectionBlock(fields=[_field(name, value) for name, value in _facts(data)]),
    ]
    if reasons:
        blocks.append(SectionBlock(text=MarkdownTextObject(text=escape(reasons, SECTION))))
    return {
        "text": escape(f"{title} · {company_name(data)}", TEXT),
        "blocks": [block.to_dict() for block in blocks],
    }


def _title(event: dict[str, Any]) -> str:
    kind = str(event["type"])
    return _TITLES.get(kind, kind)


def _model_body(title: str, data: dict[str, Any]) -> dict[str, Any]:
    """What has happened, what to do about it, and whose it is."""
    told = "\n".join(f"• {alarm['text']}" for alarm in data["alarms"])
    route = data["route"]
    facts = [("Owner", str(route["owner"])), ("Answer within", within(route["respond_within_s"]))]
    blocks: list[Block] = [
        HeaderBlock(text=escape(title, HEADER)),
        SectionBlock(text=MarkdownTextObject(text=escape(told, SECTION))),
        SectionBlock(text=MarkdownTextObject(text=escape(data["do"], SECTION))),
        SectionBlock(fields=[_field(name, value) for name, value in facts]),
    ]
    return {
        "text": escape(f"{title} · {data['text']}", TEXT),
        "blocks": [block.to_dict() for block in blocks],
    }


def _facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    score, route = data["score"], data["route"]
    return [
        ("Who", person_told(data)),
        ("Company", company_name(data)),
        ("Owner", str(route["owner"])),
        ("Answer within", within(route["respond_within_s"])),
        ("Priority", f"{score['priority']:g} ({score['band']})"),
        ("Fit", f"{score['fit']['grade']} ({score['fit']['points']:g} points)"),
    ]


def _field(name: str, value: str) -> MarkdownTextObject:
    label = f"*{name}*\n"
    return MarkdownTextObject(text=label + escape(value, FIELD - len(label)))


def escape(text: str, limit: int) -> str:
    """With `& < >` escaped, so that no name can call a channel or forge a link; at most `limit`
    characters, cut between characters and never inside an escape.
    """
    letters = [
        _ESCAPED.get(letter, letter) for letter in text if letter.isprintable() or letter == "\n"
    ]
    if sum(map(len, letters)) <= limit:
        return "".join(letters)
    room, kept = limit - 1, []
    for letter in letters:
        room -= len(letter)
        if room < 0:
            break
        kept.append(letter)
    return "".join(kept) + "…"
