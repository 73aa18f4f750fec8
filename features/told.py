"""What of an entity is no number: its words, and who its active people are."""

from __future__ import annotations

from typing import NamedTuple

from features.blob import BlobError, read_parts, read_people, read_texts
from features.older import renewed
from features.windows import Person


class Told(NamedTuple):
    words: dict[int, str]
    """Attribute → word."""
    people: list[Person]


def told_of(newest: int, words: bytes, people: bytes, texts: bytes) -> Told:
    """From the sections of a blob; `newest` is the hour in its head. BlobError as `read_texts`."""
    text = read_texts(texts, words)
    return Told(
        dict(zip(words[::2], text, strict=False)),  # what is said of people comes behind
        [
            Person(newest - back, role, seniority)
            for _, back, role, seniority in read_people(people, text)
        ]
        if people
        else [],
    )


def is_readable(blob: bytes | None) -> bool:
    """False for bytes that no way of reading takes for tiles; nothing at all is readable."""
    if not blob:
        return True
    try:
        head, parts = read_parts(renewed(blob))
        told_of(head[2], parts[6], *parts[9:])
    except BlobError:
        return False
    return True
