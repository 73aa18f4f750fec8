"""What of an entity is no number: its words, and who its active people are."""

from __future__ import annotations

from typing import NamedTuple

from features.blob import NO_TEXT, PERSON, read_texts
from features.windows import Person


class Told(NamedTuple):
    words: dict[int, str]
    """Attribute → word."""
    people: list[Person]


def told_of(newest: int, words: bytes, people: bytes, texts: bytes) -> Told:
    """From the sections of a blob; `newest` is the hour in its head."""
    text = read_texts(texts)
    return Told(
        dict(zip(words[::2], text, strict=False)),  # what is said of people comes behind
        _people(newest, people, text) if people else [],
    )


def _people(newest: int, part: bytes, text: list[str]) -> list[Person]:
    return [
        Person(
            newest - back,
            None if role == NO_TEXT else text[role],
            None if seniority == NO_TEXT else text[seniority],
        )
        for _, back, role, seniority in PERSON.iter_unpack(part)
    ]
