"""Every feature, declared once. Feast schema, documentation and rule facts follow from this table.

A window of up to 2 days moves in hours, a longer one in days; both take the head exactly:
count(floor_hop(as_of - window) <= occurred_at <= as_of), borders in UTC.
"""

from __future__ import annotations

import enum
import hashlib
from typing import NamedTuple

from features.measures import (
    ACTIVE_PEOPLE,
    BY_NAME,
    COMPANY_ATTRIBUTES,
    PERSON_ATTRIBUTES,
    SESSIONS,
)


class Entity(enum.StrEnum):
    LEAD = "lead"
    ACCOUNT = "account"


class Kind(enum.StrEnum):
    """How the value is made; None (missing) where it cannot be."""

    COUNT = "count"  # a measure in the window, or ever (days = 0); sums, or its minimum or maximum
    DISTINCT = "distinct"  # keys seen in the window
    SINCE = "since"  # days since the last one; missing if never
    AGE = "age"  # days since the first one; missing if never
    RATIO = "ratio"  # a measure over another one in the same window; missing if that is 0
    TREND = "trend"  # (this week + 1) / (a quarter of the four weeks before + 1)
    DECAY = "decay"  # sum over 90 days, each day's share halved every `days` days
    ROLES = "roles"  # of the active people in the window: roles, or how many of high rank
    WORD = "word"  # an attribute: the newest word, or the first
    DEAL = "deal"  # open deals: see windows.deal_values


class Feature(NamedTuple):
    name: str
    entity: Entity
    kind: Kind
    of: str
    """The measure, distinct, attribute or deal value it is made of."""
    days: int = 0
    """The window, or the half-life of a decay; 0 means ever."""
    over: str = ""
    """The measure that a ratio divides by."""

    @property
    def is_word(self) -> bool:
        return self.kind is Kind.WORD


WINDOWS = (1, 7, 30, 90)
TREND_DAYS = (7, 35)
"""This week, and this week with the four before."""

_WINDOWED = (
    "page_views", "pricing_views", "demo_views", "site_seconds", "content_downloads", "webinars",
    "emails_sent", "email_clicks", "calls", "touches", "inbound_touches", "activities", "meetings",
    "sales_calls", "form_submits", "engagements",
)  # fmt: skip
_LONG = (
    "linkedin_messages", "outbound_touches", "sales_emails", "demos", "email_opens", "chats",
    "videos", *(name for name in BY_NAME if name.startswith(("sales_", "calls_", "meetings_"))
                and name not in {"sales_emails", "sales_calls"}),
)  # fmt: skip
_EVER = ("page_views", "pricing_views", "demo_views", "touches", "activities", "deals_opened",
         "deals_won", "deals_lost", "unsubscribes")  # fmt: skip
_SINCE = ("engagements", "touches", "activities", "pricing_views", "deals_opened", "page_views")
_DEALS = ("open_deals", "open_deal_value", "open_deal_days")
_ACCOUNT = ("page_views", "pricing_views", "demo_views", "touches", "activities", "engagements",
            "meetings", "form_submits", "site_seconds")  # fmt: skip


def _lead() -> list[Feature]:
    lead = Entity.LEAD
    return [
        *(Feature(f"{of}_{days}d", lead, Kind.COUNT, of, days)
          for of in _WINDOWED for days in WINDOWS),
        *(Feature(f"{of}_{days}d", lead, Kind.COUNT, of, days)
          for of in _LONG for days in (30, 90)),
        *(Feature(f"{of}_ever", lead, Kind.COUNT, of) for of in _EVER),
        *(Feature(f"sessions_{days}d", lead, Kind.DISTINCT, SESSIONS.name, days)
          for days in WINDOWS),
        *(Feature(f"days_since_{of}", lead, Kind.SINCE, of) for of in _SINCE),
        Feature("lead_age_days", lead, Kind.AGE, "lead_created"),
        Feature("first_touch_days", lead, Kind.AGE, "touches"),
        Feature("longest_page_s_30d", lead, Kind.COUNT, "longest_page_s", 30),
        Feature("deal_value_max_90d", lead, Kind.COUNT, "deal_value_max", 90),
        Feature("deal_value_min_90d", lead, Kind.COUNT, "deal_value_min", 90),
        Feature("email_click_rate_90d", lead, Kind.RATIO, "email_clicks", 90, "emails_sent"),
        Feature("meeting_rate_90d", lead, Kind.RATIO, "meetings", 90, "activities"),
        Feature("engagements_trend", lead, Kind.TREND, "engagements", 7),
        Feature("engagements_half_7d", lead, Kind.DECAY, "engagements", 7),
        Feature("activities_half_14d", lead, Kind.DECAY, "activities", 14),
        *(Feature(of, lead, Kind.DEAL, of) for of in _DEALS),
        *(Feature(of, lead, Kind.WORD, of) for of in PERSON_ATTRIBUTES),
    ]  # fmt: skip


HIGH_RANK = frozenset({"director", "vp", "c_suite"})


def _account() -> list[Feature]:
    account = Entity.ACCOUNT
    return [
        *(Feature(f"account_{of}_{days}d", account, Kind.COUNT, of, days)
          for of in _ACCOUNT for days in (7, 30, 90)),
        *(Feature(f"account_active_people_{days}d", account, Kind.DISTINCT,
                  ACTIVE_PEOPLE.name, days) for days in (7, 30, 90)),
        *(Feature(f"account_days_since_{of}", account, Kind.SINCE, of)
          for of in ("engagements", "activities", "touches")),
        Feature("account_first_touch_days", account, Kind.AGE, "touches"),
        Feature("account_engagements_trend", account, Kind.TREND, "engagements", 7),
        Feature("account_engagements_half_7d", account, Kind.DECAY, "engagements", 7),
        *(Feature(f"account_active_{of}_30d", account, Kind.ROLES, of, 30)
          for of in ("roles", "seniors")),
        Feature("account_deals_opened_ever", account, Kind.COUNT, "deals_opened"),
        *(Feature(f"account_{of}", account, Kind.DEAL, of) for of in _DEALS),
        *(Feature(of, account, Kind.WORD, of) for of in COMPANY_ATTRIBUTES),
    ]  # fmt: skip


FEATURES: tuple[Feature, ...] = (*_lead(), *_account())
BY_FEATURE = {feature.name: feature for feature in FEATURES}


def kept_for(kind: Kind, *, ever: bool = False) -> frozenset[int]:
    """Numbers of the measures that features of this kind are made of, those without window if
    `ever`.
    """
    features = (one for one in FEATURES if one.kind is kind and not (ever and one.days))
    return frozenset(BY_NAME[one.of].number for one in features)


def facts() -> dict[str, str]:
    """What rules may read of features: name → `word` or `number`."""
    return {feature.name: "word" if feature.is_word else "number" for feature in FEATURES}


def digest(names: tuple[str, ...]) -> str:
    """A fingerprint of these features' definitions: a model refuses other ones."""
    told = "\n".join(_told(BY_FEATURE[name]) for name in names)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _told(feature: Feature) -> str:
    """A definition down to what its measures count, without their wording."""
    measures = (BY_NAME.get(name) for name in (feature.of, feature.over))
    return repr((tuple(feature), *(one and (*one[:3], one.combine) for one in measures)))
