"""The live visitor: its people, and what counts as having worked."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import httpx
import pytest
from standardwebhooks import Webhook

from core.errors import WorkError
from demo import walk as walking
from demo.folder import new_webhook_secret
from demo.receiver import WEBHOOK_PATH, Receiver
from demo.story import tell_visit
from demo.visitor import Visitor, introductions, visitors
from demo.walk import Visit, Walk

SECRET = new_webhook_secret()
COMPANIES = [
    {"name": f"Firm {n}", "domain": f"firm{n}.example", "employee_band": band}
    for n, band in enumerate(["200-499", "2000+", "500-999", "1000-1999"])
]


class Api:
    """A small stand-in that keeps identities as Leadline would."""

    def __init__(self, receiver: Receiver, who: Visitor) -> None:
        self.receiver = receiver
        self.leads = {who.email: "lead-known"}
        self.merges = True
        self.signals = True
        self.client = httpx.Client(
            base_url="http://api.test", transport=httpx.MockTransport(self.answer)
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        message = json.loads(request.content)
        if request.url.path == "/v1/score":
            return self.score(next(iter(message["lead"].values())))
        self.leads.setdefault(message["anonymousId"], "lead-unknown")
        if message.get("event") == "Form Submitted":
            if self.merges:
                self.leads[message["anonymousId"]] = "lead-known"
            if self.signals:
                self.send(message["messageId"])
        return httpx.Response(200, json={"success": True})

    def score(self, identifier: str) -> httpx.Response:
        if identifier not in self.leads:
            return httpx.Response(404)
        told = {"lead_id": self.leads[identifier], "account_id": "acme", "priority": 50.0}
        return httpx.Response(200, json=told | {"band": "warm", "propensity": None})

    def send(self, message_id: str) -> None:
        score = {"reasons": [{"text": "3 views of the pricing page", "effect": 12.0}]}
        route = {"owner": "rep-1", "rule": "known_owner"}
        data = {"trigger": {"message_id": message_id}, "score": score, "route": route}
        body = json.dumps({"id": message_id, "type": "lead.hot", "data": data})
        now = dt.datetime.now(dt.UTC)
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(message_id, now, body),
        }
        answer = httpx.post(self.receiver.url(WEBHOOK_PATH), content=body, headers=headers)
        assert answer.status_code == 200


@pytest.fixture
def who() -> Visitor:
    return visitors(7, COMPANIES, 1)[0]


@pytest.fixture
def api(who: Visitor) -> Iterator[Api]:
    with Receiver(SECRET) as receiver:
        yield Api(receiver, who)


def walk(api: Api, who: Visitor) -> Visit:
    return Walk(who, api.client, api.client, api.receiver).run()


def test_a_visit_is_told_from_unknown_to_signal(api: Api, who: Visitor) -> None:
    """Score before and after, the merge, the owner, the reasons and the time: all are shown."""
    visit = walk(api, who)
    assert (visit.unknown["lead_id"], visit.after["lead_id"]) == ("lead-unknown", "lead-known")
    assert visit.milliseconds > 0
    lines: list[str] = []
    tell_visit(visit, lines.append)
    told = "\n".join(lines)
    for word in ("lead-unknown → lead-known", "rep-1", "3 views of the pricing page", "ms"):
        assert word in told


def test_a_missing_signal_is_a_failure(
    api: Api, who: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo must not end well when the one thing it is for did not happen."""
    monkeypatch.setattr(walking, "SIGNAL_S", 0.05)
    api.signals = False
    with pytest.raises(WorkError, match=r"no lead\.hot arrived"):
        walk(api, who)


def test_a_missing_merge_is_a_failure(
    api: Api, who: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal about somebody else's lead would be worthless to the seller."""
    monkeypatch.setattr(walking, "KNOWN_S", 0.05)
    api.merges = False
    with pytest.raises(WorkError, match="did not merge"):
        walk(api, who)


def test_visitors_are_different_people_at_different_companies() -> None:
    """A cooldown belongs to a lead: one person twice would have no second signal."""
    people = visitors(7, COMPANIES, 4)
    assert len({who.email for who in people}) == 4
    assert len({who.company["domain"] for who in people}) == 4
    assert all(who.email.endswith("@" + who.company["domain"]) for who in people)


def test_the_largest_companies_come_first() -> None:
    """The example is one that a seller would want to hear of."""
    bands = [who.company["employee_band"] for who in visitors(7, COMPANIES, 4)]
    assert bands == ["2000+", "1000-1999", "500-999", "200-499"]


def test_the_crm_knew_them_before(who: Visitor) -> None:
    """Without a known contact there would be no merge to show."""
    calls = introductions([who], 1_764_000_000_000)
    created, named = calls
    assert created["event"] == "Lead Created"
    assert named["traits"]["email"] == who.email
    assert created["timestamp"] < named["timestamp"]
    assert len({call["messageId"] for call in calls}) == 2


def test_introductions_name_every_visitor() -> None:
    """Each needs a lead of its own in the CRM."""
    people = visitors(7, COMPANIES, 3)
    assert {call["userId"] for call in introductions(people, 0)} == {who.user_id for who in people}
