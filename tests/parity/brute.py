"""Features counted anew from the raw messages: slow, plain, and without any of the product's code.

Identity is a union-find over all messages known by the moment; windows are cut with datetimes.
Streams for it have no identity conflicts, and all group calls of one person name one company.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

UTC = dt.UTC
Message = dict[str, Any]


class Known(NamedTuple):
    """A message with the two times that count."""

    known: dt.datetime
    occurred: dt.datetime
    message: Message


class World:
    """All that was known by `moment`, grouped by person."""

    def __init__(self, told: list[Known], moment: dt.datetime) -> None:
        self.moment = moment
        seen: set[str] = set()
        self.told: list[Known] = []
        for one in told:
            if one.known <= moment and one.message["messageId"] not in seen:
                seen.add(one.message["messageId"])
                self.told.append(one)
        self._parent: dict[str, str] = {}
        for one in self.told:
            first, *others = names_of(one.message)
            self._root(first)
            for name in others:
                self._parent[self._root(name)] = self._root(first)

    def _root(self, name: str) -> str:
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            name = self._parent[name]
        return name

    def person(self, name: str) -> list[Known] | None:
        """All messages of whoever carries this identifier; None if nobody does yet."""
        if name not in self._parent:
            return None
        root = self._root(name)
        return [one for one in self.told if self._root(names_of(one.message)[0]) == root]

    def company(self, name: str) -> tuple[list[Known], list[list[Known]]]:
        """All messages of the company's people, and the same person by person."""
        group = self.group_of(name)
        if group is None:
            return [], []
        roots = {self._root(names_of(one.message)[0]) for one in self.told}
        people = [self.person(root) or [] for root in sorted(roots)]
        members = [person for person in people if _group(person) == group]
        return [one for person in members for one in person], members

    def group_of(self, name: str) -> str | None:
        return _group(self.person(name) or [])

    def start(self, days: int) -> dt.datetime:
        """The window's beginning: whole hours up to two days, whole days beyond."""
        tail = self.moment - dt.timedelta(days=days)
        tail = tail.replace(minute=0, second=0, microsecond=0)
        return tail if days <= 2 else tail.replace(hour=0)


def names_of(message: Message) -> list[str]:
    """Every identifier in a message, as `kind:value`."""
    kinds = ("userId", "anonymousId")
    found = [f"{kind}:{message[kind]}" for kind in kinds if message.get(kind)]
    email = message.get("traits", {}).get("email") if message["type"] == "identify" else None
    return [*found, *([f"email:{email}"] if email else [])]


def _group(person: list[Known]) -> str | None:
    """The company: by group call, else by the domain of an email."""
    groups = {one.message["groupId"] for one in person if one.message["type"] == "group"}
    assert len(groups) <= 1
    domains = {
        one.message["traits"]["email"].partition("@")[2]
        for one in person
        if one.message["type"] == "identify" and "email" in one.message["traits"]
    }
    return next(iter(groups), next(iter(domains), None))


OWN_WILL = {"Form Submitted", "Content Downloaded", "Email Clicked"}


def is_page(message: Message, prefix: str = "") -> bool:
    return message["type"] == "page" and message["properties"]["path"].startswith(prefix)


def is_event(message: Message, *names: str) -> bool:
    return message.get("event") in names


def is_engaged(message: Message) -> bool:
    return message["type"] == "page" or message.get("event") in OWN_WILL


COUNTS = {
    "page_views": is_page,
    "pricing_views": lambda message: is_page(message, "/pricing"),
    "demo_views": lambda message: is_page(message, "/demo"),
    "form_submits": lambda message: is_event(message, "Form Submitted"),
    "email_clicks": lambda message: is_event(message, "Email Clicked"),
    "meetings": lambda message: is_event(message, "Meeting Logged"),
    "engagements": is_engaged,
}


def lead_values(world: World, name: str) -> dict[str, Any] | None:
    """The features of a person that the test compares; None if nobody is known by the name."""
    person = world.person(name)
    if person is None:
        return None
    found: dict[str, Any] = {}
    for days in (1, 7, 30, 90):
        start = world.start(days)
        inside = [one for one in person if one.occurred >= start]
        for measure, counts in COUNTS.items():
            key = f"{measure}_{days}d"
            found[key] = sum(1 for one in inside if counts(one.message))
        found[f"site_seconds_{days}d"] = sum(
            one.message["properties"]["duration_s"] for one in inside if is_page(one.message)
        )
        found[f"sessions_{days}d"] = len(
            {one.message["properties"]["session_id"] for one in inside if is_page(one.message)}
        )
    found["longest_page_s_30d"] = max(
        (
            one.message["properties"]["duration_s"]
            for one in person
            if one.occurred >= world.start(30) and is_page(one.message)
        ),
        default=0,
    )
    values = [
        one.message["properties"]["value"]
        for one in person
        if one.occurred >= world.start(90) and is_event(one.message, "Opportunity Created")
    ]
    found["deal_value_max_90d"] = max(values, default=0)
    found["deal_value_min_90d"] = min(values, default=0)
    activities = found["meetings_90d"]
    found["meeting_rate_90d"] = 1.0 if activities else None
    found["engagements_trend"] = _trend(world, person)
    found["engagements_half_7d"] = _half(world, person, 7)
    found["page_views_ever"] = sum(1 for one in person if is_page(one.message))
    found["days_since_engagements"] = _since(world, person, is_engaged)
    found["days_since_pricing_views"] = _since(world, person, COUNTS["pricing_views"])
    found["title"] = _newest(person, "identify", "title")
    found.update(_deals(world, person, ""))
    return found


def account_values(world: World, name: str) -> dict[str, Any]:
    everybody, members = world.company(name)
    found: dict[str, Any] = {}
    for days in (7, 30, 90):
        start = world.start(days)
        inside = [one for one in everybody if one.occurred >= start]
        for measure in ("page_views", "pricing_views", "engagements", "meetings"):
            found[f"account_{measure}_{days}d"] = sum(
                1 for one in inside if COUNTS[measure](one.message)
            )
        found[f"account_active_people_{days}d"] = sum(
            any(one.occurred >= start and is_engaged(one.message) for one in member)
            for member in members
        )
    inside = [
        member
        for member in members
        if any(one.occurred >= world.start(30) and is_engaged(one.message) for one in member)
    ]
    roles = [_newest(member, "identify", "role") for member in inside]
    ranks = [_newest(member, "identify", "seniority") for member in inside]
    found["account_active_roles_30d"] = len({role for role in roles if role})
    found["account_active_seniors_30d"] = sum(rank in {"vp", "director"} for rank in ranks)
    found["account_engagements_trend"] = _trend(world, everybody)
    found["account_engagements_half_7d"] = _half(world, everybody, 7)
    found["account_days_since_engagements"] = _since(world, everybody, is_engaged)
    found["industry"] = _newest(everybody, "group", "industry")
    found.update(_deals(world, everybody, "account_"))
    return found


def _trend(world: World, told: list[Known]) -> float:
    own = [one.occurred for one in told if is_engaged(one.message)]
    week = sum(at >= world.start(7) for at in own)
    before = sum(world.start(35) <= at < world.start(7) for at in own)
    return (week + 1) / (before / 4 + 1)


def _half(world: World, told: list[Known], days: int) -> float:
    """Each day counts half as much as the day `days` before the moment's."""
    total = 0.0
    for one in told:
        if one.occurred >= world.start(90) and is_engaged(one.message):
            total += 2.0 ** -((world.moment.date() - one.occurred.date()).days / days)
    return total


def _since(world: World, told: list[Known], counts: Any) -> float | None:
    last = max((one.occurred for one in told if counts(one.message)), default=None)
    return None if last is None else (world.moment - last) / dt.timedelta(days=1)


def _newest(told: list[Known], kind: str, trait: str) -> str | None:
    said = [one for one in told if one.message["type"] == kind and trait in one.message["traits"]]
    newest = max(said, key=lambda one: one.occurred, default=None)
    return newest.message["traits"][trait] if newest else None


def _deals(world: World, told: list[Known], prefix: str) -> dict[str, Any]:
    opened = {}
    for one in told:
        if is_event(one.message, "Opportunity Created"):
            opened[one.message["properties"]["opportunity_id"]] = one
    for one in told:
        if is_event(one.message, "Opportunity Closed"):
            opened.pop(one.message["properties"]["opportunity_id"], None)
    newest = max(opened.values(), key=lambda one: one.occurred, default=None)
    age = (world.moment - newest.occurred) / dt.timedelta(days=1) if newest else None
    return {
        f"{prefix}open_deals": len(opened),
        f"{prefix}open_deal_value": newest.message["properties"]["value"] if newest else None,
        f"{prefix}open_deal_days": age,
    }
