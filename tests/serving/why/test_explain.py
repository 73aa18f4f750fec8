"""Any answer can be taken apart: what was read, what it added, and as it was known then."""

from __future__ import annotations

import json

import pytest

import cli
from core.clock import DAY, SECOND, to_iso
from core.database import reading
from core.errors import NotFound
from events.identity.tables import LEAD
from rules.life import snoozes
from serving.why.explain import Explanation, explain_now, explain_then
from serving.why.tree import lines
from tests.serving.story import Story
from tests.signals.past_fakes import edited


def now(story: Story, told: str = "u1", version: int | None = None) -> Explanation:
    return explain_now(story.installation, story.engine, told, story.clock.now(), version)


def then(story: Story, at: int, told: str = "u1", version: int | None = None) -> Explanation:
    return explain_then(story.installation, story.engine, told, at, version)


def hits(told: Explanation) -> set[str]:
    return {rule.id for rule in told.trace.rules if rule.state == "hit"}


def test_each_hit_says_what_it_read_and_the_terms_make_the_priority(story):
    story.say(email="vp@acme.com", region="UK")
    story.view("/pricing")

    told = now(story)

    assert hits(told) == {"prices_seen", "known_owner"}
    seen = next(rule for rule in told.trace.rules if rule.id == "prices_seen")
    assert (seen.when.fact, seen.when.read, seen.when.truth) == ("pricing_views_7d", 1, True)
    assert [term.name for term in told.arithmetic.terms] == ["fit", "intent", "negative"]
    # Without a model intent weighs 0.5 / 0.75.
    assert told.priority == pytest.approx(40 * 0.5 / 0.75, abs=1e-3)
    assert sum(term.effect for term in told.arithmetic.terms) == pytest.approx(
        told.priority, abs=1e-3
    )
    assert told.trace.route.owner == "rep-7"
    assert "without model" in told.notes


def test_whoever_is_asked_for_is_found_by_any_of_their_ids(story):
    """Sellers have an email, the CRM its own id, a log ours."""
    story.say(email="vp@acme.com")
    with reading(story.engine) as connection:
        lead_id = connection.execute(LEAD.select()).one().lead_id

    for told in ("u1", "c1", "VP@acme.com ", lead_id):
        assert now(story, told).lead_id == lead_id
        assert then(story, story.clock.now(), told).lead_id == lead_id
    with pytest.raises(NotFound, match="nobody was known by 'u2'"):
        now(story, "u2")


def test_as_of_then_only_what_was_known_then_counts(story):
    """An answer given to a seller last week has to be the same in an audit today."""
    story.days(1)
    story.view("/pricing")
    before = story.days(1)
    story.view("/demo")
    story.feed({"type": "group", "userId": "u1", "groupId": "g1", "messageId": "g",
                "traits": {"domain": "acme.com", "region": "UK"}})  # fmt: skip
    story.days(1)

    assert hits(then(story, before)) == {"prices_seen", "known_owner"}
    later = {"prices_seen", "demo_seen", "right_region", "known_owner"}
    assert hits(then(story, story.clock.now())) == later
    assert then(story, before).as_of == to_iso(before)
    with pytest.raises(NotFound, match="nobody was known"):
        then(story, before - 5 * DAY)


def test_the_rules_are_those_in_force_then_unless_asked_otherwise(story):
    """An edit of today explains nothing of yesterday."""
    story.view("/pricing")
    before = story.days(1)
    version = story.edit(edited("intent.yaml", "points: 40", "points: 60"))
    story.days(1)

    told = then(story, before)
    assert (told.rules_version, told.trace.intent_points) == (1, 40)
    assert (now(story).rules_version, now(story).trace.intent_points) == (version, 60)
    assert then(story, before, version=version).trace.intent_points == 60
    assert now(story, version=1).trace.intent_points == 40
    with pytest.raises(NotFound, match="no rules of version 9"):
        now(story, version=9)


def test_a_moment_before_any_release_says_what_is_taken(story):
    """History can be older than the first catalog."""
    known = {"type": "identify", "userId": "u9", "messageId": "old", "traits": {"region": "UK"}}
    story.feed({**known, "timestamp": "2026-01-05T00:00:00Z"}, door=_import())
    at = story.clock.now() - 30 * DAY

    told = then(story, at, "u9")

    assert told.rules_version == 1
    assert "nothing was in force yet" in told.notes[0]


def _import():
    from events.types import Door

    return Door.IMPORT


def test_a_snoozed_rule_is_shown_as_passed_over(story):
    """The account's owner asked for it, and whoever explains a lead has to see it."""
    story.feed(
        {"type": "group", "userId": "u1", "groupId": "g1", "messageId": "g",
         "traits": {"name": "Acme", "domain": "acme.com", "region": "UK"}}
    )  # fmt: skip
    told = now(story)
    assert "right_region" in hits(told)
    until = story.clock.now() + DAY
    assert told.account_id is not None
    snoozes.add(story.engine, "right_region", told.account_id, until, "ann", "", story.clock.now())

    story.clock.move(1)
    states = {rule.id: rule.state for rule in now(story).trace.rules}

    assert states["right_region"] == "snoozed"
    assert then(story, story.clock.now()).trace.fit_points == 0


def test_the_tree_shows_hits_and_on_request_everything(story):
    story.view("/pricing")

    short = "\n".join(lines(now(story)))
    full = "\n".join(lines(now(story), everything=True))

    assert "✓ prices_seen (site: 40, 40 counted)  1 view of prices" in short
    assert "✓ pricing_views_7d at_least 1: 1" in short
    assert "demo_seen" not in short
    assert "· demo_seen (site: 40)" in full
    assert "✗ demo_views_7d at_least 1: 0" in full
    assert "? right_region" in full


def test_the_command_prints_both(story, capsys):
    """`leadline rules explain`, and a time that is none."""
    story.view("/pricing")
    where = ["--data", str(story.installation.root)]
    story.clock.move(SECOND)
    at = to_iso(story.clock.now())

    assert cli.run(["rules", "explain", "c1", "--at", at, *where]) == 0
    assert "prices_seen" in capsys.readouterr().out
    assert cli.run(["rules", "explain", "c1", "--version", "1", "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"trace", "arithmetic", "near", "priority", "band", "rules_version"} <= told.keys()
    assert cli.run(["rules", "explain", "nobody", *where]) == 1
    assert "nobody was known by 'nobody'" in capsys.readouterr().err
    assert cli.run(["rules", "explain", "c1", "--at", "yesterday", *where]) == 2
    assert "neither ISO 8601" in capsys.readouterr().err
