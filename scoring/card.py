"""`model.json`: everything about a model that is not its trees. Read and verified before them.

A release folder `releases/<name>-<version>/` holds this card and `model.txt`, LightGBM's text form.
Neither can run code when it is loaded. The text parser crashes on damaged text, so no byte of it is
parsed before its digest is right. The card itself is taken only as `write_card` writes it, byte for
byte: there is no change of it that goes unseen.
"""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import msgspec

from core.errors import WorkError
from events.attributes import PREFIX
from features.definitions import BY_FEATURE, digest
from scoring.blend import Blend
from scoring.calibration import Calibration

CARD_FILE = "model.json"
TREES_FILE = "model.txt"
FORMAT = 1
LATER = ("taught", "blend")
MOST_CARD = 64 * 2**20
MOST_TREES = 512 * 2**20
"""Bytes: files beyond are none of ours, and are not read."""


class ModelRefused(WorkError):
    """A release folder that must not serve: damaged, tampered with, or made for other features."""


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the matrix: a number as it is, or a word by its place in `words`."""

    name: str
    words: tuple[str, ...] | None = None

    @property
    def is_custom(self) -> bool:
        """A column of the CRM's own, declared by an import: name and kind are its definition."""
        return self.name.startswith(PREFIX)


class KnownAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the matrix (None is missing) and the margin that training got for it."""

    row: tuple[float | None, ...]
    margin: float


class LeftOut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column that looked like leakage. `title` is its name in the CRM."""

    name: str
    title: str
    auc: float
    reasons: tuple[str, ...]


class Taught(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model was taught from: how labels are defined, and what was kept from it."""

    label: dict[str, bool | int | str | tuple[int, ...]]
    label_fingerprint: str
    left_out: tuple[LeftOut, ...] = ()
    kept: tuple[str, ...] = ()
    """Columns that looked like leakage and were kept by order."""


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model's passport. Times in microseconds, UTC."""

    format: int = FORMAT
    name: str
    version: str = ""
    """Given by the registry, so it is empty until the model is exported."""
    trained_at: int
    inputs: tuple[Input, ...]
    features_digest: str
    calibration: Calibration
    trees_sha256: str
    known_answers: tuple[KnownAnswer, ...]
    metrics: dict[str, float]
    taught: Taught | None = None
    blend: Blend | None = None
    """What rules say beside the trees; None of a version from before there was such a thing."""
    digest: str = ""
    """Of this card without its version and this field: the calibration is part of the model."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Of all inputs, in order."""
        return tuple(one.name for one in self.inputs)

    @property
    def features(self) -> tuple[str, ...]:
        """Those that we define and `features_digest` covers; a column of a CRM has no definition
        but its name and its kind, which the card's own digest covers.
        """
        return tuple(one.name for one in self.inputs if not one.is_custom)


def seal(card: Card) -> Card:
    """The card with its own digest."""
    return msgspec.structs.replace(card, digest=_digest(card))


def _digest(card: Card) -> str:
    bare = msgspec.to_builtins(msgspec.structs.replace(card, version="", digest=""))
    # What came later is left out while it says nothing: cards from before keep their digest.
    for holder, names in ((bare, LATER), (bare["calibration"], ("slope_high", "knots"))):
        for name in names:
            if holder[name] is None:
                del holder[name]
    return hashlib.sha256(msgspec.json.encode(bare)).hexdigest()


def write_card(folder: Path, card: Card) -> None:
    (folder / CARD_FILE).write_bytes(_written(card))


def _written(told: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=1)


def read_card(folder: Path) -> Card:
    """ModelRefused if the card is missing, damaged, or of features that we define otherwise."""
    told = _read(folder, CARD_FILE, MOST_CARD)
    try:
        card = msgspec.json.decode(told, type=Card)
        as_written = _written(msgspec.json.decode(told)) == told
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
        raise refusal(folder, f"{CARD_FILE} cannot be read: {problem}") from problem
    if not as_written:
        raise refusal(folder, f"{CARD_FILE} was changed after training (its layout differs)")
    if card.format != FORMAT:
        raise refusal(folder, f"{CARD_FILE} has format {card.format}, this release reads {FORMAT}")
    if card.digest != _digest(card):
        raise refusal(folder, f"{CARD_FILE} was changed after training (its digest differs)")
    if not card.calibration.rises:
        raise refusal(folder, f"its calibration falls ({card.calibration.kind})")
    if card.blend is not None and not card.blend.is_sound:
        raise refusal(folder, "its blend with rules falls, or weighs more than everything")
    _check_features(folder, card)
    return card


def cards_in(releases: Path) -> list[Card]:
    """The cards of all release folders, unverified; those that cannot be read are passed over."""
    found = []
    for path in sorted(releases.glob(f"*-*/{CARD_FILE}")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Card))
        except (OSError, msgspec.DecodeError):
            continue
    return found


def _check_features(folder: Path, card: Card) -> None:
    ours = [one for one in card.inputs if not one.is_custom]
    unknown = [one.name for one in ours if one.name not in BY_FEATURE]
    if unknown:
        raise refusal(folder, f"it reads features that are not defined: {', '.join(unknown)}")
    misread = [one.name for one in ours if (one.words is not None) != _is_word(one.name)]
    if misread:
        raise refusal(folder, f"it takes words for numbers or the reverse: {', '.join(misread)}")
    if card.features_digest != digest(card.features):
        raise refusal(folder, "its features are defined otherwise now than when it was trained")


def _is_word(name: str) -> bool:
    return BY_FEATURE[name].is_word


def read_trees(folder: Path, card: Card) -> str:
    """LightGBM's text, verified against the card. ModelRefused if it differs."""
    told = _read(folder, TREES_FILE, MOST_TREES)
    if hashlib.sha256(told).hexdigest() != card.trees_sha256:
        raise refusal(folder, f"{TREES_FILE} was changed after training (its SHA-256 differs)")
    return told.decode()


def _read(folder: Path, name: str, most: int) -> bytes:
    """A pipe would be waited for and a huge file would fill the memory: neither is opened."""
    path = folder / name
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode):
            raise refusal(folder, f"{name} is no file")
        if told.st_size > most:
            raise refusal(folder, f"{name} has {told.st_size} bytes; at most {most}")
        return path.read_bytes()
    except OSError as problem:
        raise refusal(folder, f"{name} cannot be read: {problem}") from problem


def refusal(folder: Path, why: str) -> ModelRefused:
    return ModelRefused(
        f"the model in {folder} is refused: {why}",
        do="run `leadline train` again, or `leadline rollback` to the champion before it",
    )
