"""A server that throws rows out to make room: noticed, for it tells nobody by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import redis

LOOK_S = 60.0
"""Between two looks, and so between two fillings for this reason: where there is no room, filling
again is no cure.
"""


def evicted(client: redis.Redis) -> int:
    """Keys thrown out since the server started; of a cluster, by all its nodes. 0 where it does not
    let us ask.
    """
    return sum(int(node.get("evicted_keys", 0)) for node in _told_by(client, "stats"))


def _told_by(client: redis.Redis, section: str) -> list[dict[str, Any]]:
    """A section of INFO from each server; none from one that does not let us ask."""
    try:
        if hasattr(client, "nodes_manager"):
            told: Any = client.info(section, target_nodes="primaries")
            several = all(isinstance(one, dict) for one in told.values())
            return list(told.values()) if several else [told]
        return [client.info(section)]  # type: ignore[list-item]
    except redis.ResponseError:
        return []


def evicts(client: redis.Redis, *, expires: bool) -> str:
    """What a server does that forgets rows when its memory is full; empty if it refuses instead.

    `expires`: whether our rows have an end, for `volatile-…` policies throw out only such keys.
    """
    for node in _told_by(client, "memory"):
        policy = str(node.get("maxmemory_policy", ""))
        takes_ours = policy.startswith("allkeys") or (policy.startswith("volatile") and expires)
        if takes_ours and int(node.get("maxmemory", 0)):
            gone = evicted(client)
            return f"throws rows out when its memory is full ({policy}; {gone:,} keys so far)"
    return ""


class Evictions:
    """What one worker knows of them. Raises redis.RedisError when the server does not answer."""

    def __init__(self, client: redis.Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._known = 0
        self._next = float("-inf")

    def noticed(self) -> int:
        """How many keys went since the last look; 0 when it is not time for another."""
        if self._clock() < self._next:
            return 0
        self._next = self._clock() + LOOK_S
        count = evicted(self._client)
        # Fewer than before: another process of the server, which starts to count anew.
        more, self._known = count - self._known if count >= self._known else count, count
        return more

    def press(self) -> bool:
        """Whether keys went since the last look, though it is not time for another: to fill the
        store now would only throw out more.
        """
        return self._clock() < self._next and evicted(self._client) > self._known
