"""A feature and its value in a seller's words: `3 pricing page views in 7 days`.

One table of nouns; the sentence follows from the feature's kind, so a new window needs no words. It
begins with a capital, as those of the rules do. Amounts have no currency: tiles keep them as they
came.
"""

from __future__ import annotations

from functools import lru_cache

from events.attributes import PREFIX
from features.definitions import BY_FEATURE, Entity, Feature, Kind
from features.windows import Value

KEPT = 8_192
"""Sentences that are kept: most counts are small, and so are their sentences made once."""

NOUNS: dict[str, tuple[str, str]] = {
    "page_views": ("page view", "page views"),
    "pricing_views": ("pricing page view", "pricing page views"),
    "demo_views": ("demo page view", "demo page views"),
    "form_submits": ("form sent", "forms sent"),
    "content_downloads": ("download", "downloads"),
    "webinars": ("webinar attended", "webinars attended"),
    "emails_sent": ("email sent", "emails sent"),
    "email_opens": ("email opened", "emails opened"),
    "email_clicks": ("email link clicked", "email links clicked"),
    "calls": ("marketing call", "marketing calls"),
    "linkedin_messages": ("LinkedIn message", "LinkedIn messages"),
    "chats": ("chat", "chats"),
    "videos": ("video view", "video views"),
    "touches": ("marketing touch", "marketing touches"),
    "inbound_touches": ("touch from them", "touches from them"),
    "outbound_touches": ("touch from us", "touches from us"),
    "engagements": ("action of their own", "actions of their own"),
    "activities": ("sales activity", "sales activities"),
    "sales_emails": ("email by sales", "emails by sales"),
    "sales_calls": ("call by sales", "calls by sales"),
    "meetings": ("meeting", "meetings"),
    "demos": ("demo given", "demos given"),
    "unsubscribes": ("unsubscription", "unsubscriptions"),
    "deals_opened": ("deal opened", "deals opened"),
    "deals_won": ("deal won", "deals won"),
    "deals_lost": ("deal lost", "deals lost"),
    "sessions": ("visit", "visits"),
    "active_people": ("person active", "people active"),
}
"""Measure or distinct → what one of them, and what many of them are called."""

_WITH_OUTCOME = {"sales": "activities", "calls": "sales_calls", "meetings": "meetings"}
_SECONDS = {"site_seconds": "on the site", "longest_page_s": "on the page read longest"}
_WORTH = {"deal_value_max": "largest", "deal_value_min": "smallest"}
_DAY = ("day", "days")
_SINCE = {
    "engagements": ("last active", "never active"),
    "touches": ("last marketing touch", "no marketing touch yet"),
    "activities": ("last contact by sales", "no contact by sales yet"),
    "pricing_views": ("last on the pricing page", "never on the pricing page"),
    "page_views": ("last on the site", "never on the site"),
    "deals_opened": ("last deal opened", "no deal opened yet"),
}
_AGE = {
    "lead_created": ("lead opened", "not yet a lead in the CRM"),
    "touches": ("first marketing touch", "no marketing touch yet"),
}
_WORDS = {
    "source": "came through {}",
    "channel": "first touched by {}",
    "title": "job title {}",
    "seniority": "seniority {}",
    "role": "role {}",
    "buyer_role": "buys as {}",
    "email_kind": "{} email address",
    "industry": "industry {}",
    "region": "region {}",
    "employee_band": "{} employees",
    "revenue_band": "revenue {}",
    "process_maturity": "process maturity {}",
}
_UNKNOWN = {"email_kind": "kind of email address", "employee_band": "number of employees",
            "source": "source", "channel": "first channel", "title": "job title",
            "buyer_role": "role in buying", "revenue_band": "revenue",
            "process_maturity": "process maturity"}  # fmt: skip
_SPELT = {"c_suite": "C-suite", "vp": "VP", "sdr_outbound": "SDR outbound"}
_CAPITALS = {"vp", "it", "ap", "cfo", "cto", "ceo", "sdr", "us", "uk"}


@lru_cache(KEPT)
def tell(feature_name: str, value: Value) -> str:
    """KeyError for a name that is neither a feature of ours nor a column of a CRM."""
    told = _told(feature_name, value)
    return told[:1].upper() + told[1:]


def _told(feature_name: str, value: Value) -> str:
    if feature_name.startswith(PREFIX):
        return _tell_custom(feature_name, value)
    feature = BY_FEATURE[feature_name]
    told = _TELL[feature.kind](feature, value)
    at_company = feature.entity is Entity.ACCOUNT and not feature.is_word
    return f"{told} (whole company)" if at_company else told


def _tell_custom(name: str, value: Value) -> str:
    """`crm_lead_origin` and `API` → `Lead origin API`; numbers without needless digits."""
    noun = name.removeprefix(PREFIX).replace("_", " ")
    if value is None:
        return f"{noun} unknown"
    return f"{noun} {value if isinstance(value, str) else f'{value:,.10g}'}"


def _tell_count(feature: Feature, value: Value) -> str:
    period = f"in {_count(feature.days, _DAY)}" if feature.days else "so far"
    amount = _amount(value)
    if feature.of in _SECONDS:
        return f"{_minutes(amount)} {_SECONDS[feature.of]} {period}"
    if feature.of in _WORTH:
        return (
            f"{_WORTH[feature.of]} deal opened {period} worth {amount:,.0f}"
            if amount
            else (f"no deal opened {period}")
        )
    if feature.of in NOUNS:
        return f"{_count(amount, NOUNS[feature.of])} {period}"
    group, outcome = feature.of.split("_", 1)
    noun = NOUNS[_WITH_OUTCOME[group]]
    return f"{_count(amount, noun)} ending in “{_spell(outcome)}” {period}"


def _tell_ratio(feature: Feature, value: Value) -> str:
    above, below = NOUNS[feature.of][1], NOUNS[feature.over][1]
    if value is None:
        return f"no {below} in {_count(feature.days, _DAY)}"
    return f"{above} for {_amount(value):.0%} of {below} in {_count(feature.days, _DAY)}"


def _tell_trend(feature: Feature, value: Value) -> str:
    times = _amount(value)
    steady = f"as many {NOUNS[feature.of][1]} this week as before"
    if 0.8 <= times <= 1.25:
        return steady
    word = "more" if times > 1 else "fewer"
    return f"{word} {NOUNS[feature.of][1]} this week than in the four before"


def _tell_decay(feature: Feature, value: Value) -> str:
    level = "many" if _amount(value) >= 5 else "some" if _amount(value) >= 1 else "hardly any"
    return f"{level} recent {NOUNS[feature.of][1]}"


def _tell_roles(feature: Feature, value: Value) -> str:
    nouns = {"roles": ("role", "roles"), "seniors": ("senior person", "senior people")}
    return f"{_count(_amount(value), nouns[feature.of])} active in {_count(feature.days, _DAY)}"


def _minutes(seconds: float) -> str:
    if 0 < seconds < 60:
        return "under a minute"
    return _count(round(seconds / 60), ("minute", "minutes"))


def _tell_since(feature: Feature, value: Value) -> str:
    ever, never = (_SINCE if feature.kind is Kind.SINCE else _AGE)[feature.of]
    return never if value is None else f"{ever} {_ago(value)}"


def _tell_deal(feature: Feature, value: Value) -> str:
    match feature.of:
        case "open_deals":
            return _count(_amount(value), ("open deal", "open deals"))
        case _ if value is None:
            return "no open deal"
        case "open_deal_value":
            return f"open deal worth {_amount(value):,.0f}"
        case _:
            return f"deal opened {_ago(value)}"


def _tell_word(feature: Feature, value: Value) -> str:
    if value is None:
        return f"{_UNKNOWN.get(feature.of, feature.of)} unknown"
    return _WORDS[feature.of].format(_spell(str(value)))


def _spell(word: str) -> str:
    if word in _SPELT:
        return _SPELT[word]
    parts = word.replace("_", " ").split(" ")
    return " ".join(part.upper() if part.lower() in _CAPITALS else part for part in parts)


def _count(amount: float, noun: tuple[str, str]) -> str:
    one, many = noun
    if amount == 1:
        return f"1 {one}"
    return f"{f'{amount:,.0f}' if amount else 'no'} {many}"


def _ago(value: Value) -> str:
    days = int(_amount(value))
    return "today" if days == 0 else f"{_count(days, _DAY)} ago"


def _amount(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


_TELL = {
    Kind.COUNT: _tell_count,
    Kind.DISTINCT: _tell_count,
    Kind.SINCE: _tell_since,
    Kind.AGE: _tell_since,
    Kind.RATIO: _tell_ratio,
    Kind.TREND: _tell_trend,
    Kind.DECAY: _tell_decay,
    Kind.ROLES: _tell_roles,
    Kind.DEAL: _tell_deal,
    Kind.WORD: _tell_word,
}
