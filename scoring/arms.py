"""Who is in which arm of an experiment: drawn once by a keyed hash, so that nobody has to remember.

The unit is the account, because its people talk to each other and to one seller; a lead without an
account is a unit of its own. A lead whose account becomes known follows the account from then on,
which may be the other arm, and a merged lead follows its survivor; what that means for the figures
is settled where they are read (`training.experiment.units`).
"""

from __future__ import annotations

from typing import NamedTuple

from core.crypto import pseudonym

CHAMPION = "champion"
CHALLENGER = "challenger"

_BYTES = 7  # a float holds 53 bits exactly
_WHOLE = 256**_BYTES


class Place(NamedTuple):
    """A lead's place in an experiment: answers carry it, and it is logged with them."""

    experiment: str
    unit: str
    arm: str


def unit_of(lead_id: str, account_id: str | None) -> str:
    """What is drawn as one: `account/…`, or `lead/…` where no account is known."""
    return f"account/{account_id}" if account_id else f"lead/{lead_id}"


class Arms:
    """The draw of one experiment. Two experiments draw independently of each other.

    `share` is the challenger's, 0–1. With a larger share those who were in the challenger's arm
    stay there.
    """

    def __init__(self, secret: bytes, experiment: str, share: float) -> None:
        self._key = pseudonym(secret, f"experiment/{experiment}", 32)
        self._experiment = experiment
        self._below = round(share * _WHOLE)

    def place(self, lead_id: str, account_id: str | None) -> Place:
        """Always the same for the same unit, in every process of the installation."""
        unit = unit_of(lead_id, account_id)
        drawn = int.from_bytes(pseudonym(self._key, unit, _BYTES))
        return Place(self._experiment, unit, CHALLENGER if drawn < self._below else CHAMPION)
