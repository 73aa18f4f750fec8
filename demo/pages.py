"""Sessions become page views; some are anonymous until an identify links their device."""

from __future__ import annotations

from demo.known import Fields, Known, Timed
from demo.moments import Slot, draw, moment
from demo.people import Person
from demo.world import World

ANONYMOUS_PERCENT = 30
"""So many of a hundred sessions are not signed in."""

_OTHER_PAGES = ("/", "/product", "/customers", "/integrations", "/security", "/blog", "/about")
_ENTRY = {"pricing_page": "pricing", "demo_page": "demo", "website": "search"}
_SITE = "https://www.procura.example"


def page_views(world: World, known: dict[str, Known]) -> Timed:
    """Sessions in the order of time, so that a device is linked by its first identify only."""
    started = []
    for session in world.rows("sessions"):
        day, key = world.day(session["session_timestamp"]), session["session_id"]
        started.append((moment(world.seed, day, Slot.HAPPENED, key), key, session))
    linked: set[str] = set()
    for start_ms, key, session in sorted(started, key=lambda item: item[:2]):
        who = known[session["lead_id"]].person
        drawn = draw(world.seed, "session", key)
        device = who.devices[drawn % len(who.devices)]
        ids = {"anonymousId": device}
        anonymous = drawn // 7 % 100 < ANONYMOUS_PERCENT
        if not anonymous:
            ids["userId"] = who.user_id
        yield from _views(session, f"{drawn:016x}", ids, start_ms)
        if anonymous and device not in linked:
            end_ms = start_ms + session["session_duration_seconds"] * 1_000 + 5_000
            yield end_ms, f"sign-in/{key}", _sign_in(who, device)
        linked.add(device)


def _sign_in(who: Person, device: str) -> Fields:
    """After browsing unknown they sign in: this call alone joins the device to the person."""
    return {"type": "identify", "anonymousId": device, "userId": who.user_id, "traits": {}}


def _pages_of(session: Fields) -> tuple[int, int, int]:
    """How many views, how many of them pricing, how many demo.

    The world sometimes has more pricing and demo views than views: then these are all.
    """
    pricing, demo = session["pricing_page_views"], session["demo_page_views"]
    return max(session["page_views"], pricing + demo), pricing, demo


def _views(session: Fields, session_id: str, ids: Fields, start_ms: int) -> Timed:
    count, pricing, demo = _pages_of(session)
    others = [_OTHER_PAGES[at % len(_OTHER_PAGES)] for at in range(count - pricing - demo)]
    paths = [*others, *["/pricing"] * pricing, *["/demo"] * demo]
    each, left = divmod(session["session_duration_seconds"], count)
    at_ms = start_ms
    for at, path in enumerate(paths):
        seconds = each + (at < left)
        properties = {
            "path": path,
            "url": _SITE + path,
            "title": path.strip("/").title() or "Home",
            "referrer": _ENTRY.get(session["session_type"], "search") if at == 0 else "internal",
            "session_id": session_id,
            "duration_s": seconds,
        }
        yield (
            at_ms,
            f"{session['session_id']}/{at}",
            {"type": "page", **ids, "properties": properties},
        )
        at_ms += seconds * 1_000


def page_view_count(world: World) -> int:
    """Page views of all sessions: how many `page` calls there must be."""
    return sum(_pages_of(session)[0] for session in world.rows("sessions"))
