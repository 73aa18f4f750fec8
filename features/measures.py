"""What of an event is counted. One line a measure; numbers are stored, so never reuse one."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import NamedTuple

from events.types import Event

Amount = Callable[[Event], int]
"""How much one event adds; 0 means that it does not count."""


class Combine(enum.StrEnum):
    """What becomes of two amounts in one hour, day or window."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"


class Measure(NamedTuple):
    """An amount kept per hour, per day and for ever."""

    number: int
    name: str
    events: tuple[str, ...]
    amount: Amount
    meaning: str
    combine: Combine = Combine.SUM


def _one(_: Event) -> int:
    return 1


def _path(prefix: str) -> Amount:
    return lambda event: int(event.path.startswith(prefix))


def _seconds(event: Event) -> int:
    value = event.properties.get("duration_s", 0)
    return int(value) if isinstance(value, int | float) and 0 <= value < 86_400 else 0


def _deal_value(event: Event) -> int:
    value = event.properties.get("value", 0)
    return round(value) if isinstance(value, int | float) and 0 < value < 1e12 else 0


def _where(name: str, value: str) -> Amount:
    return lambda event: int(event.properties.get(name) == value)


PAGE = ("page_viewed",)
TOUCHES = (
    "email_sent",
    "email_opened",
    "email_clicked",
    "content_downloaded",
    "webinar_attended",
    "call_touched",
    "linkedin_messaged",
)
ACTIVITIES = ("sales_email_logged", "sales_call_logged", "meeting_logged", "demo_logged")
ENGAGED = (
    *PAGE,
    "email_clicked",
    "content_downloaded",
    "webinar_attended",
    "form_submitted",
    "chat_started",
    "video_played",
)
"""What a person does of their own will: it makes them active, and counts as intent."""

OUTCOMES = ("connected", "no_answer", "left_voicemail", "meeting_set", "demo_completed")

MEASURES: tuple[Measure, ...] = (
    Measure(1, "page_views", PAGE, _one, "pages viewed"),
    Measure(2, "pricing_views", PAGE, _path("/pricing"), "views of the pricing page"),
    Measure(3, "demo_views", PAGE, _path("/demo"), "views of the demo page"),
    Measure(4, "site_seconds", PAGE, _seconds, "seconds on the site"),
    Measure(5, "form_submits", ("form_submitted",), _one, "forms sent"),
    Measure(6, "content_downloads", ("content_downloaded",), _one, "downloads"),
    Measure(7, "webinars", ("webinar_attended",), _one, "webinars attended"),
    Measure(8, "emails_sent", ("email_sent",), _one, "emails we sent"),
    Measure(9, "email_opens", ("email_opened",), _one, "emails opened"),
    Measure(10, "email_clicks", ("email_clicked",), _one, "links clicked in emails"),
    Measure(11, "calls", ("call_touched",), _one, "marketing calls"),
    Measure(12, "linkedin_messages", ("linkedin_messaged",), _one, "LinkedIn messages"),
    Measure(13, "chats", ("chat_started",), _one, "chats"),
    Measure(14, "videos", ("video_played",), _one, "videos played"),
    Measure(15, "touches", TOUCHES, _one, "marketing touches of any kind"),
    Measure(16, "inbound_touches", TOUCHES, _where("direction", "inbound"), "touches from them"),
    Measure(17, "outbound_touches", TOUCHES, _where("direction", "outbound"), "touches from us"),
    Measure(18, "engagements", ENGAGED, _one, "things they did of their own will"),
    Measure(19, "activities", ACTIVITIES, _one, "sales activities"),
    Measure(20, "sales_emails", ("sales_email_logged",), _one, "emails by sales"),
    Measure(21, "sales_calls", ("sales_call_logged",), _one, "calls by sales"),
    Measure(22, "meetings", ("meeting_logged",), _one, "meetings"),
    Measure(23, "demos", ("demo_logged",), _one, "demos given"),
    *(
        Measure(
            30 + at, f"sales_{outcome}", ACTIVITIES, _where("outcome", outcome),
            f"sales activities that ended in “{outcome}”",
        )
        for at, outcome in enumerate(OUTCOMES)
    ),
    *(
        Measure(
            40 + at, f"calls_{outcome}", ("sales_call_logged",), _where("outcome", outcome),
            f"sales calls that ended in “{outcome}”",
        )
        for at, outcome in enumerate(OUTCOMES)
    ),
    *(
        Measure(
            50 + at, f"meetings_{outcome}", ("meeting_logged",), _where("outcome", outcome),
            f"meetings that ended in “{outcome}”",
        )
        for at, outcome in enumerate(OUTCOMES)
    ),
    Measure(60, "lead_created", ("lead_created",), _one, "the CRM opened a lead"),
    Measure(61, "unsubscribes", ("email_unsubscribed",), _one, "unsubscribed from emails"),
    Measure(62, "deals_opened", ("opportunity_created",), _one, "deals opened"),
    Measure(63, "deals_won", ("opportunity_closed",), _where("outcome", "won"), "deals won"),
    Measure(64, "deals_lost", ("opportunity_closed",), _where("outcome", "lost"), "deals lost"),
    Measure(70, "longest_page_s", PAGE, _seconds, "seconds on the page read longest", Combine.MAX),
    Measure(71, "deal_value_max", ("opportunity_created",), _deal_value, "largest deal opened",
            Combine.MAX),
    Measure(72, "deal_value_min", ("opportunity_created",), _deal_value, "smallest deal opened",
            Combine.MIN),
)  # fmt: skip

PEAKS = {
    measure.number: min if measure.combine is Combine.MIN else max
    for measure in MEASURES
    if measure.combine is not Combine.SUM
}
"""Number of each measure that is no sum → how two of its amounts become one."""

BY_NAME = {measure.name: measure for measure in MEASURES}

BY_EVENT: dict[str, tuple[Measure, ...]] = {
    name: tuple(measure for measure in MEASURES if name in measure.events)
    for name in sorted({name for measure in MEASURES for name in measure.events})
}


class Distinct(NamedTuple):
    """Counted once a key: the last time each key was seen is kept, at most `cap` keys."""

    number: int
    name: str
    cap: int
    meaning: str


SESSIONS = Distinct(1, "sessions", 64, "visits")
ACTIVE_PEOPLE = Distinct(2, "active_people", 512, "people active of their own will")
DISTINCTS = (SESSIONS, ACTIVE_PEOPLE)
DEALS = Distinct(3, "deals", 64, "opportunities")
"""Kept with their times and values, and read by features of their own kind."""

ATTRIBUTES: tuple[str, ...] = (
    "source",
    "channel",
    "title",
    "seniority",
    "role",
    "buyer_role",
    "email_kind",
    "industry",
    "region",
    "employee_band",
    "revenue_band",
    "process_maturity",
)
"""Words kept with the time they were said; the newest stands, `source` and `channel` the first."""

FIRST_STANDS = frozenset({"source", "channel"})
COMPANY_ATTRIBUTES = ATTRIBUTES[7:]
PERSON_ATTRIBUTES = ATTRIBUTES[:7]
