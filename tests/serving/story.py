"""A worker in the test's hand, with a small catalog in force and one lead who looks around."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from core.clock import DAY
from core.installation import Installation
from core.settings import Models, Settings
from rules.life import publish
from tests.pipeline_bench import START, Bench
from tests.signals.past_fakes import CATALOG


class Story(Bench):
    """Live events of one lead, who is `u1` to us and `c1` to the CRM."""

    def tell(self, event: str, **properties: object) -> None:
        external = {"id": "c1", "type": "crm_lead_id", "collection": "users", "encoding": "none"}
        self.feed(
            {
                "type": "track",
                "event": event,
                "userId": "u1",
                "messageId": f"m{self.offset}",
                "properties": properties,
                "context": {"externalIds": [external]},
            }
        )

    def view(self, path: str) -> None:
        self.feed(
            {
                "type": "page",
                "userId": "u1",
                "messageId": f"m{self.offset}",
                "properties": {"path": path},
            }
        )

    def say(self, **traits: object) -> None:
        message = {"type": "identify", "userId": "u1", "messageId": f"m{self.offset}"}
        self.feed({**message, "traits": traits})

    def days(self, count: float) -> int:
        """Time passes; answers what the clock said before."""
        before = self.clock.now()
        self.clock.move(round(count * DAY))
        return before

    def edit(self, files: dict[str, str]) -> int:
        """The version that is in force from now on."""
        return publish(self.engine, files, "ann", "", None, self.clock.now(), "cli").version


@pytest.fixture
def story(installation: Installation, redis_client: redis.Redis) -> Iterator[Story]:
    story = Story(installation, redis_client, START)
    story.settings = Settings(models=Models(poll_s=1e-6))
    story.start()
    story.edit(CATALOG)
    story.clock.move(1)
    story.tell("Lead Created", owner="rep-7", source="web")
    yield story
    story.engine.dispose()
