"""The story of one lead, told to a worker in the test's hand."""

from tests.serving.story import story

__all__ = ["story"]
