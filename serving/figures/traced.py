"""What stands in for stages, threads and pipeline where traces are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from events.progress import Progress
from events.types import RawEvent
from serving.figures.metrics import Metrics
from serving.figures.tracing import Tracing
from serving.score.asks import Ask
from serving.score.together import Together, Told
from serving.worker.stages import Stages

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from serving.worker.pipeline import Pipeline

T = TypeVar("T")


class TracedMetrics(Metrics):
    """Each stage of a score is a span as well."""

    def __init__(self, tracing: Tracing) -> None:
        super().__init__()
        self._tracing = tracing

    def stage(self, name: str) -> AbstractContextManager[object]:
        return self._both(name)

    @contextmanager
    def _both(self, name: str) -> Iterator[None]:
        with self._tracing.span(name), super().stage(name):
            yield


class CarryingThreads(ThreadPoolExecutor):
    """What is done in a thread belongs to the span in which it was asked for."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return super().submit(copy_context().run, fn, *args, **kwargs)


class TracedTogether(Together):
    """One span for what is answered together: inside the span of the first call, linked to those of
    the others.
    """

    def __init__(self, tracing: Tracing, answer: Callable[[Sequence[Ask]], list[Told]]) -> None:
        self._tracing = tracing
        self._plainly = answer
        self._callers: dict[str, Context] = {}
        super().__init__(self._traced)

    async def ask(self, ask: Ask) -> Told:
        self._callers[ask.id] = self._tracing.here()
        try:
            return await super().ask(ask)
        finally:
            del self._callers[ask.id]

    def _traced(self, asks: Sequence[Ask]) -> list[Told]:
        there = [self._callers.get(one.id) for one in asks]
        with self._tracing.together("together", [one for one in there if one is not None]):
            return self._plainly(asks)


class TracedStages(Stages):
    """Each stage of the worker is a span as well."""

    def __init__(self, tracing: Tracing, before: Stages) -> None:
        """Goes on with the seconds of `before`."""
        super().__init__()
        self.seconds = before.seconds
        self._tracing = tracing

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        with self._tracing.span(name), super().__call__(name):
            yield


class TracedPipeline:
    """The worker's pipeline, a span a batch."""

    def __init__(self, tracing: Tracing, pipeline: Pipeline) -> None:
        pipeline.stages = TracedStages(tracing, pipeline.stages)
        self._tracing = tracing
        self._pipeline = pipeline

    @property
    def progress(self) -> Progress:
        return self._pipeline.progress

    @property
    def history_is_late(self) -> bool:
        return self._pipeline.history_is_late

    @property
    def quiet(self) -> bool:
        return self._pipeline.quiet

    def advance(self, until: int) -> None:
        self._pipeline.advance(until)

    def keep_up(self) -> None:
        self._pipeline.keep_up()

    def run(self, raws: Sequence[RawEvent]) -> None:
        told = {"events": len(raws), "offset.first": raws[0].offset, "offset.last": raws[-1].offset}
        with self._tracing.span("batch", **told):
            self._pipeline.run(raws)
