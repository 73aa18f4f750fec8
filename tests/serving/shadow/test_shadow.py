"""A draft on live traffic shows what it would do, and does nothing."""

from __future__ import annotations

import json
import random

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import cli
from core.clock import DAY
from core.database import reading, writing
from core.errors import DefinitionError, WorkError
from features.marked import Mark
from features.served import write_served
from serving.kept.served_shadow import served_bands
from serving.release.inforce import InForce
from serving.why.scene import scene_now
from signals import outbox
from signals.shadow import compare as comparing
from signals.shadow import comparison
from signals.shadow.compare import in_share
from signals.shadow.draft import start, stop
from signals.shadow.report import Report, report
from signals.shadow.tables import RULE_SHADOW
from signals.tables import BAND_STATE, OUTBOX, SIGNAL
from tests.serving.story import Story
from tests.signals.past_fakes import CATALOG, edited

EAGER = edited("priority.yaml", "hot: {enter: 55, leave: 45}", "hot: {enter: 26, leave: 12}")
EAGER["priority.yaml"] = EAGER["priority.yaml"].replace(
    "warm: {enter: 30, leave: 25}", "warm: {enter: 11, leave: 11}"
)
"""One look at prices, 26.7 points without a model, makes a lead hot."""


def begin(story: Story, files: dict[str, str], share: int = 100) -> None:
    start(story.engine, files, "ann", story.clock.now(), share)
    story.clock.move(1)


def told(story: Story) -> Report:
    with reading(story.engine) as connection:
        found = report(connection)
    assert found is not None
    return found


def bands(found: Report) -> dict[tuple[str, str], int]:
    return {(one.live, one.draft): one.looks for one in found.bands}


def rows(story: Story, table: sa.Table) -> list[sa.RowMapping]:
    with reading(story.engine) as connection:
        return list(connection.execute(sa.select(table)).mappings())


def test_what_a_draft_would_tell_is_counted_and_nobody_hears_of_it(story):
    """The whole promise: a draft that would alarm everybody is as quiet as a good one."""
    begin(story, EAGER)
    story.view("/pricing")

    found = told(story)

    assert bands(found) == {("cold", "hot"): 1}
    assert [(one.type, one.live, one.draft) for one in found.signals] == [("lead.hot", 0, 1)]
    assert found.differ == 1.0
    assert (rows(story, SIGNAL), rows(story, OUTBOX)) == ([], [])
    [state] = rows(story, BAND_STATE)
    assert (state["band"], state["told"]) == ("cold", None)


def test_the_draft_keeps_its_own_hysteresis_and_cooldown(story):
    """Hot under the draft, the lead stays hot until the draft lets it go: one signal, not two."""
    begin(story, EAGER)
    story.view("/pricing")
    story.view("/")
    story.days(8)
    story.view("/")  # prices are out of the window: the draft leaves hot

    found = told(story)

    assert bands(found) == {("cold", "hot"): 2, ("cold", "cold"): 1}
    assert {one.type: (one.live, one.draft) for one in found.signals} == {
        "lead.hot": (0, 1), "lead.cooled": (0, 1),
    }  # fmt: skip


def test_a_lead_that_differs_is_named_with_the_rules_that_made_it_so(story):
    begin(story, edited("intent.yaml", "points: 40", "points: 90"))
    story.view("/pricing")

    [one] = told(story).newest
    assert (one.live_band, one.draft_band) == ("cold", "hot")
    assert (one.live_priority, one.draft_priority) == (26.7, 60.0)
    assert one.because == (("prices_seen", 33.33),)
    stop(story.engine, story.clock.now())
    begin(story, EAGER)
    story.view("/pricing")
    assert told(story).newest[0].because == (("bands", None),)


def test_a_lead_that_no_longer_differs_is_forgotten(story):
    """The list is of those that differ now, and stays short."""
    begin(story, EAGER)
    story.view("/pricing")
    assert told(story).leads_that_differ == 1

    story.days(20)
    story.view("/")

    assert told(story).leads_that_differ == 0
    assert told(story).newest == ()


@pytest.mark.parametrize("seed", range(4))
def test_the_catalog_in_force_as_a_draft_never_differs(story, seed):
    """Whatever happens: bands, signals and cooldowns are the same on both sides."""
    chance = random.Random(seed)
    begin(story, CATALOG)
    for _ in range(12):
        step = chance.choice(["view", "view", "say", "days", "rescore"])
        if step == "view":
            story.view(chance.choice(["/pricing", "/demo", "/"]))
        elif step == "say":
            story.say(email=chance.choice(["a@gmail.com", "a@acme.com"]), title="CFO")
        elif step == "days":
            story.days(chance.choice([0.5, 8]))
        else:
            story.clock.move(DAY)
            story.pipeline.keep_up()

    found = told(story)

    assert all(live == draft for live, draft in bands(found))
    assert all(one.live == one.draft for one in found.signals)
    assert found.newest == ()


def test_a_batch_that_is_run_again_is_counted_once(story, monkeypatch):
    """The worker dies before its commit: what was counted is gone with the rest of the batch."""
    begin(story, EAGER)
    put = outbox.put

    def die(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("disk"))

    monkeypatch.setattr(outbox, "put", die)
    with pytest.raises(OperationalError):
        story.view("/pricing")
    monkeypatch.setattr(outbox, "put", put)
    assert bands(told(story)) == {}

    story.offset -= 1
    story.view("/pricing")

    assert bands(told(story)) == {("cold", "hot"): 1}


def _hot(story: Story) -> None:
    """By the rules in force: the lead is told of."""
    story.view("/pricing")
    story.view("/demo")
    group = {"type": "group", "userId": "u1", "groupId": "g1", "messageId": "g"}
    story.feed({**group, "traits": {"domain": "acme.com", "region": "UK"}})


def test_a_draft_that_cannot_be_compiled_is_named_and_stopped(story):
    """It was written by a newer program, say. The live version goes on as if nothing were."""
    begin(story, CATALOG)
    with writing(story.engine) as connection:
        broken = {**CATALOG, "fit.yaml": "groups: {}"}
        connection.execute(sa.update(RULE_SHADOW).values(files=broken))

    _hot(story)

    assert [row["type"] for row in rows(story, SIGNAL)] == ["lead.hot"]
    found = told(story)
    assert found.stopped_at is not None
    assert "fit.yaml" in (found.reason or "")
    assert found.looks == 0


def test_a_draft_that_raises_on_the_way_costs_no_signal(story, monkeypatch, caplog):
    def burst(*_: object) -> None:
        raise RuntimeError("burst")

    begin(story, EAGER)
    monkeypatch.setattr(comparing, "_compare", burst)

    _hot(story)

    assert [row["type"] for row in rows(story, SIGNAL)] == ["lead.hot"]
    assert told(story).reason == "RuntimeError: burst"
    assert "the draft that shadows is stopped" in caplog.text


def test_a_stopped_draft_counts_no_more(story):
    begin(story, EAGER)
    story.view("/pricing")
    ended = stop(story.engine, story.clock.now())
    story.clock.move(1)
    story.view("/pricing")

    assert ended.digest == told(story).digest
    assert told(story).looks == 1
    with pytest.raises(WorkError, match="no draft shadows"):
        stop(story.engine, story.clock.now())


def test_one_draft_at_a_time_and_only_a_right_one(story):
    """Two at once would cost twice, and nobody could read the result."""
    with pytest.raises(DefinitionError, match="problem"):
        begin(story, {**CATALOG, "fit.yaml": "groups: {}"})
    begin(story, EAGER)
    with pytest.raises(WorkError, match="shadows already"):
        begin(story, CATALOG)


def test_a_share_is_of_the_same_leads_at_every_look(story):
    """A lead that is looked at now and then would have no hysteresis."""
    chosen = [name for name in (f"lead-{at}" for at in range(4_000)) if in_share(name, 25)]

    assert 900 < len(chosen) < 1_100
    assert all(in_share(name, 50) for name in chosen)
    begin(story, EAGER, share=1)
    story.view("/pricing")
    assert told(story).looks in {0, 1}


def test_no_more_leads_are_remembered_than_fit(story, monkeypatch):
    """A draft that treats everybody otherwise must not fill the record."""
    monkeypatch.setattr(comparison, "MOST_LEADS", 2)
    begin(story, EAGER)
    for number in range(5):
        page = {"type": "page", "anonymousId": f"a{number}", "properties": {"path": "/pricing"}}
        story.feed({**page, "messageId": f"p{number}"})

    assert told(story).looks == 5
    assert told(story).leads_that_differ <= 2


def test_score_calls_are_compared_from_the_sample_that_is_kept(story):
    """The api does nothing for a draft: what it answered from is judged again on request."""
    story.view("/pricing")
    before = scene_now(story.installation, story.engine, "u1", story.clock.now()).vector
    story.clock.move(1)
    begin(story, EAGER)
    served = scene_now(story.installation, story.engine, "u1", story.clock.now()).vector
    with writing(story.engine) as connection:
        write_served(connection, [(before, Mark(1, None)), (served, Mark(1, None))])

    loaded = InForce(story.installation, story.engine).now()

    [one] = served_bands(story.engine, loaded)
    assert (one.live, one.draft, one.looks) == ("cold", "hot", 1), "served before it began: not its"


def test_the_commands_start_report_and_stop(story, tmp_path, capsys):
    draft = tmp_path / "draft"
    draft.mkdir()
    for name, text in EAGER.items():
        (draft / name).write_text(text)
    where = ["--data", str(story.installation.root)]

    def run(*words: str) -> tuple[int, str]:
        code = cli.run(["rules", "shadow", *words, *where])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    assert run("report")[0] == 1
    assert "no draft has ever shadowed" in run("report")[1]
    assert run("start", "--draft", str(draft), "--author", "ann")[0] == 0
    story.view("/pricing")
    code, shown = run("report")
    assert code == 0
    assert "cold → hot: 1" in shown
    assert "lead.hot: 0 live, 1 under the draft (+1)" in shown
    found = json.loads(run("report", "--json")[1])
    assert (found["looks"], found["differ"], found["served"]) == (1, 1.0, [])
    assert run("start", "--draft", str(draft))[0] == 1
    assert run("stop")[0] == 0
    assert "until" in run("report")[1]
    (draft / "fit.yaml").write_text("groups: {}")
    code, shown = run("start", "--draft", str(draft), "--json")
    assert (code, json.loads(shown)["ok"]) == (2, False)
