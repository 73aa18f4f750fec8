"""Points, caps, hits and suppressions of the shipped catalog on any facts."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from features.definitions import facts as feature_facts
from rules import Facts, Rulebook, load_catalog, read_catalog

BOOK = load_catalog(read_catalog())
WORDS = ["UK", "US", "FR", "logistics", "retail", "2000+", "vp", "work", "free"]
NUMBERS = st.one_of(st.integers(0, 5), st.integers(0, 10_000), st.floats(0, 200))
READ = sorted({name for rule in BOOK.rules() for one in rule.examples for name in one.facts})
VALUES = {
    name: NUMBERS if kind == "number" else st.sampled_from(WORDS)
    for name, kind in feature_facts().items()
    if name in READ
}
LEADS = st.fixed_dictionaries({}, optional={name: st.none() | of for name, of in VALUES.items()})


@given(LEADS)
def test_the_hits_of_a_purpose_add_up_to_its_points(facts: Facts) -> None:
    """A seller can add up the reasons and arrive at the number above them."""
    report = BOOK.evaluate([facts])[0]
    of = Counter[str]()
    for hit in report.hits:
        of[hit.group] += hit.points  # type: ignore[assignment]
    assert of["fit"] == report.fit_points
    assert of["intent"] == report.intent_points
    assert of["negative"] == report.negative_points
    assert of["suppress"] == of["account"] == 0
    assert not report.failed


@given(LEADS)
def test_no_group_exceeds_its_cap_and_no_sheet_its_hundred(facts: Facts) -> None:
    """However many rules hold, one kind of behaviour never drowns the others."""
    report = BOOK.evaluate([facts])[0]
    assert 0 <= report.fit_points <= 100
    assert 0 <= report.intent_points <= 100
    assert -100 <= report.negative_points <= 0
    for sheet in (BOOK.fit, BOOK.intent, BOOK.negative):
        group_of = {rule.id: group for rule, group, *_ in sheet.rules}
        sums = Counter[str]()
        for hit in report.hits:
            if hit.group == sheet.purpose:
                sums[group_of[hit.id]] += hit.points  # type: ignore[assignment]
        assert all(abs(total) <= abs(sheet.caps[group]) for group, total in sums.items())


@given(st.lists(LEADS, max_size=4))
def test_a_batch_is_its_leads_one_by_one(batch: list[Facts]) -> None:
    """No lead's report depends on who else was in the batch."""
    assert BOOK.evaluate(batch) == [BOOK.evaluate([facts])[0] for facts in batch]


def test_hits_are_counted_from_the_top_until_the_cap(rulebook: Rulebook) -> None:
    """The order of the file decides which hit is worth less, so that authors can foresee it."""
    facts: Facts = {"form_submits_1d": 1, "form_submits_7d": 2, "chats_30d": 1}
    hits = rulebook.evaluate([facts])[0].hits
    assert [(hit.id, hit.points) for hit in hits] == [
        ("form_today", 45),
        ("form_this_week", 5),
        ("chatted", 0),
    ]


def test_nothing_known_hits_nothing(rulebook: Rulebook) -> None:
    """An empty lead is neither good nor bad."""
    report = rulebook.evaluate([{}])[0]
    assert (report.fit_points, report.intent_points, report.negative_points) == (0, 0, 0)
    assert not report.hits
    assert not report.suppressed
    assert report.grade == "D"


def test_a_rule_that_raises_counts_as_missing_and_is_named(rulebook: Rulebook) -> None:
    """One odd value costs one rule, never the score."""
    facts: Facts = {"pricing_views_7d": "three", "demo_views_7d": 1}
    report = rulebook.evaluate([facts])[0]
    assert set(report.failed) == {"pricing_often", "pricing_seen"}
    assert [hit.id for hit in report.hits] == ["demo_page_seen"]


def test_a_suppression_names_its_rules(rulebook: Rulebook) -> None:
    """Sales asks why nobody told them: the report says it."""
    report = rulebook.evaluate([{"deals_won_ever": 1, "email_domain": "rival.example"}])[0]
    assert report.suppressed
    assert report.by == ("customer", "competitor")
    told = {report.text(hit) for hit in report.hits if hit.group == "suppress"}
    assert told == {"Is a customer already", "Works for a competitor (rival.example)"}


def test_who_unsubscribed_and_then_asks_gets_an_answer(rulebook: Rulebook) -> None:
    """No newsletter is not the same as no conversation."""
    gone: Facts = {"unsubscribes_ever": 1, "form_submits_7d": 0}
    asks: Facts = {"unsubscribes_ever": 1, "form_submits_7d": 1}
    assert [one.suppressed for one in rulebook.evaluate([gone, asks])] == [True, False]


def test_several_people_at_prices_make_an_mqa(rulebook: Rulebook) -> None:
    """Accounts qualify by several people, never by one busy one."""
    many: Facts = {"account_active_people_30d": 3, "account_pricing_views_30d": 2}
    one: Facts = {"account_active_people_30d": 1, "account_pricing_views_30d": 20}
    assert [report.mqa for report in rulebook.evaluate([many, one])] == [True, False]


def test_texts_speak_to_sellers(rulebook: Rulebook) -> None:
    """Values are filled in, nouns agree, and no code words are left."""
    facts: Facts = {
        "pricing_views_7d": 1,
        "role": "vp_finance",
        "open_deals": 2,
        "open_deal_days": 12.4,
        "site_seconds_1d": 12_345,
    }
    report = rulebook.evaluate([facts])[0]
    texts = {hit.id: report.text(hit) for hit in report.hits}
    assert texts["pricing_seen"] == "1 view of the pricing page in 7 days"
    assert texts["buyer_function"] == "Role: vp finance, whom we sell to"
    assert texts["deal_open"] == "2 open deals, the newest 12 days old"
    assert texts["long_visit"] == "Spent 12,345 seconds on the site in a day"
