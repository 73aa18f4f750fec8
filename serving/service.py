"""The BentoML service: answers the score calls, and nothing else.

`bentoml serve serving.service:LeadScoring` runs it alone, on the installation that LEADLINE_DATA
names. The api runs the same service inside its own process (`scoring_app`).
"""

from __future__ import annotations

import os

# BentoML reports its use to its makers unless it is told not to before it is imported.
os.environ["BENTOML_DO_NOT_TRACK"] = "true"

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.dispatch import Dispatcher
from serving.http.documents import pages
from serving.http.guard import Guard
from serving.http.tables import METRICS, SCORES
from serving.http.traced import traced
from serving.parts import Parts, parts_of_environment


class Seat:
    """BentoML wants its application at import, the parts are there only when it starts."""

    def __init__(self) -> None:
        self._beside = (METRICS, *pages((*SCORES, METRICS)))
        self._answer: ASGIApp | None = None

    def take(self, parts: Parts, *, alone: bool = False) -> None:
        """`alone`: no front stands before it, so requests are traced here."""
        scores = Guard(Dispatcher(SCORES, parts), parts.overload, parts.metrics)
        answer = Dispatcher(self._beside, parts, otherwise=scores)
        self._answer = traced(answer, parts, SCORES) if alone else answer

    @property
    def taken(self) -> bool:
        return self._answer is not None

    def leave(self) -> None:
        self._answer = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._answer is not None  # noqa: S101 - BentoML starts the service first
        await self._answer(scope, receive, send)


seat = Seat()


@bentoml.asgi_app(seat, path="/")
@bentoml.service(
    name="lead_scoring",
    # We count, log and limit for ourselves; twice would only cost time. So `/metrics` is ours.
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    traffic={"timeout": 60},
)
class LeadScoring:
    """Scores of leads and accounts: propensity, fit, intent, priority, band and reasons."""

    def __init__(self) -> None:
        self._own: Parts | None = None
        if not seat.taken:
            self._own = parts_of_environment()
            seat.take(self._own, alone=True)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        if self._own is not None:
            seat.leave()
            self._own.close()


def scoring_app(parts: Parts) -> ASGIApp:
    """The service as an application of this process, on parts that the caller opened and closes."""
    seat.take(parts)
    app: ASGIApp = LeadScoring.to_asgi()  # type: ignore[attr-defined]
    return app
