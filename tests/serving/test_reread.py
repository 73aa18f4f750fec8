"""Damaged tiles of one lead: who else is asked for beside it."""

from __future__ import annotations

import redis

from core.installation import Installation
from events.types import Identifier, IdentifierKind
from features.definitions import Entity
from features.online import FIELD, key_of, value_of
from features.tiles import EMPTY
from serving.score.lookup import ONLINE_STORE, Lookup
from tests.pipeline_bench import Bench


def test_only_damaged_tiles_are_read_again(
    installation: Installation, redis_client: redis.Redis
) -> None:
    """One bad row of a thousand costs one row of the record, not a thousand."""
    bench = Bench(installation, redis_client)
    people = [Identifier(IdentifierKind.USER_ID, f"u{n}") for n in range(3)]
    bench.feed(
        *(
            {
                "type": "page",
                "messageId": who.value,
                "userId": who.value,
                "properties": {"path": "/"},
            }
            for who in people
        )
    )
    lookup = Lookup(redis_client, bench.engine, installation.secret())
    pairs = [pair for pair in lookup.find(people) if pair]
    good = lookup.read(pairs).blobs
    # The second is told apart from its row in the record, the third is damaged.
    for (lead_id, _), blob in zip(
        pairs[1:], (EMPTY, (good[2][0] or b"")[:-1] + b"\xbe"), strict=True
    ):
        key = key_of(Entity.LEAD, lead_id)
        redis_client.hset(key, FIELD[Entity.LEAD], value_of(blob))  # type: ignore[arg-type]

    read = lookup.read(pairs, marked=True)
    again = lookup.reread(pairs, read)

    assert again.blobs == [good[0], (EMPTY, good[1][1]), good[2]]
    assert (read.degraded, again.degraded) == ([()] * 3, [(), (), (ONLINE_STORE,)])
    assert lookup.read(pairs).degraded == [()] * 3, "the store is asked again for the next ones"
