"""What moved a lead: each cause gets what it brought about, all of them the difference."""

from __future__ import annotations

import json
import random
import shutil

import pytest

import cli
from core import release
from core.errors import NotFound
from events.types import Door
from serving.why.story import lines
from serving.why.why_changed import Story as Told
from serving.why.why_changed import why_changed
from serving.why.worlds import CAUSES
from tests.serving.story import Story
from tests.signals.past_fakes import edited


def changed(story: Story, since: int) -> Told:
    return why_changed(story.installation, story.engine, "u1", since, story.clock.now())


def shares(told: Told) -> dict[str, float]:
    assert sum(one.share for one in told.causes) == pytest.approx(told.difference, abs=1e-6)
    assert told.difference == pytest.approx(told.after.priority - told.before.priority, abs=1e-9)
    return {one.cause: one.share for one in told.causes if abs(one.share) > 1e-9}


def test_an_event_alone_moves_by_what_its_rule_is_worth(story):
    since = story.days(0)
    story.clock.move(1)
    story.view("/pricing")

    told = changed(story, since)

    assert shares(told) == {"events": pytest.approx(26.6667, abs=1e-3)}
    first = told.causes[0]
    assert [(one.id, one.before, one.after) for one in first.rules] == [("prices_seen", 0.0, 26.67)]
    assert first.events[0].name == "page_viewed"
    assert ("pricing_views_7d", 0, 1) in [(one.name, one.before, one.after) for one in first.facts]


def test_time_alone_takes_away_what_windows_leave_behind(story):
    """Nothing happened, and the view of prices fell out of its 7 days."""
    story.view("/pricing")
    since = story.days(9)

    told = changed(story, since)

    assert shares(told) == {"time": pytest.approx(-26.6667, abs=1e-3)}
    assert not told.causes[0].events


def test_a_word_of_the_profile_moves_apart_from_what_they_did(story):
    """Enrichment that found a region is no interest of the lead's."""
    since = story.days(0)
    story.clock.move(1)
    group = {"type": "group", "userId": "u1", "groupId": "g1", "messageId": "g"}
    story.feed({**group, "traits": {"domain": "acme.com", "region": "UK"}}, door=Door.LIVE)

    told = changed(story, since)

    assert shares(told) == {"profile": pytest.approx(100 / 3, abs=1e-3)}
    assert ("region", None, "UK") in [
        (one.name, one.before, one.after) for one in told.causes[0].facts
    ]


def test_an_edit_of_the_rules_names_both_versions(story):
    story.view("/pricing")
    since = story.days(0)
    story.clock.move(1)
    story.edit(edited("intent.yaml", "points: 40", "points: 60"))

    told = changed(story, since)

    assert shares(told) == {"rules": pytest.approx(13.3333, abs=1e-3)}
    assert (told.causes[0].before, told.causes[0].after) == ("1", "2")
    assert [one.id for one in told.causes[0].rules] == ["prices_seen"]


def test_another_model_has_its_share_and_a_lost_one_is_left_out(story, write_model):
    """Of a model whose files are gone nothing can be told, so nothing is made up."""
    write_model(story.installation, "1")
    release.make(
        story.engine, story.clock.now(), "", model_name="lead_propensity", model_version="1"
    )
    story.view("/pricing")
    since = story.days(0)
    story.clock.move(1)
    release.make(story.engine, story.clock.now(), "", model_name=None, model_version=None)

    told = changed(story, since)
    assert shares(told).keys() == {"model"}
    model = told.causes[0]
    assert (model.before, model.after) == ("lead_propensity 1", None)

    shutil.rmtree(story.installation.releases / "lead_propensity-1")
    told = changed(story, since)
    assert shares(told) == {}
    assert any("cannot be loaded any more" in note for note in told.notes)
    assert any("its share is left out" in note for note in told.notes)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_the_shares_add_up(story, seed):
    """Events, time, words and edits in any order and number; caps and the ends of the scale too."""
    chance = random.Random(seed)
    moments = []
    for _ in range(8):
        step = chance.choice(["view", "say", "days", "edit", "close"])
        if step == "view":
            story.view(chance.choice(["/pricing", "/demo", "/"]))
        elif step == "say":
            mail = chance.choice(["a@gmail.com", "a@acme.com"])
            story.say(email=mail, title=f"title {chance.random()}")
        elif step == "days":
            story.days(chance.choice([0.5, 3, 8, 40]))
        elif step == "edit":
            points = chance.choice([10, 60, 90])
            story.edit(edited("intent.yaml", "points: 40", f"points: {points}"))
        else:
            story.tell("Opportunity Closed", opportunity_id="d1", outcome="won", value=5)
        moments.append(story.days(0.001))

    for since in moments[::3]:
        told = changed(story, since)
        shares(told)
        assert {one.cause for one in told.causes} == set(CAUSES)
        strengths = [abs(one.share) for one in told.causes]
        assert strengths == sorted(strengths, reverse=True)


def test_a_name_that_was_told_since_then_leads_to_who_it_was(story):
    """Sellers ask by email; the visitor had not said it yet when the story begins."""
    story.view("/pricing")
    since = story.days(1)
    story.say(email="vp@acme.com")

    told = why_changed(story.installation, story.engine, "vp@acme.com", since, story.clock.now())

    assert told.before.lead_id == told.after.lead_id
    assert told.before.priority > 0


def test_a_lead_not_known_then_is_said_so(story):
    with pytest.raises(NotFound, match="nothing was known of lead"):
        changed(story, story.clock.now() - 10**12)


def test_the_story_reads_as_lines_and_as_json(story, capsys):
    """The command takes ISO 8601; what lies in the future is refused."""
    since = story.days(0)
    story.clock.move(1)
    story.view("/pricing")

    told = "\n".join(lines(changed(story, since)))
    assert "+26.7  events came" in told
    assert "rule prices_seen: +0 → +26.67" in told

    where = ["--data", str(story.installation.root)]
    words = ["rules", "why-changed", "u1", "--since", "2026-03-02T10:00:01Z", "--json", *where]
    assert cli.run(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(one["share"] for one in found["causes"]) == pytest.approx(found["difference"])
    assert cli.run(["rules", "why-changed", "u1", "--since", "2099-01-01", *where]) == 2
    assert "lies not in the past" in capsys.readouterr().err
