"""The error tree.

Bad events are values (`events.types.FailedEvent`), missing optional inputs are named in `degraded`;
an exception means that a caller or the operator has to do something::

    LeadlineError
    ├── DefinitionError     what is declared is wrong: settings, rules, features      exit 2
    ├── StartError          what we need to start is not there: port, disk, folder    exit 2
    ├── WorkError           it was asked rightly and did not work                     exit 1
    └── RequestError        one request is refused; `status` is its HTTP status
        ├── BadRequest      400
        ├── Forbidden       403
        ├── NotFound        404
        ├── TooSlow         408
        ├── Conflict        409
        ├── TooLarge        413
        ├── UnsupportedMedia 415
        ├── TooMany         429
        ├── Unavailable     503
        └── TooLate         504

Every message says what is wrong, where, and what to do; `problems` holds them all at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, and where: a path in a document or `file:line`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class LeadlineError(Exception):
    """Base of all our errors. `exit_code` is what a command ends with."""

    exit_code = 1

    def __init__(self, detail: str, *, do: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.do = do
        self.problems = tuple(problems)

    def lines(self) -> list[str]:
        """What a person reads: the fault, each problem, then what to do."""
        told = [self.detail, *(f"  {problem}" for problem in self.problems)]
        return [*told, self.do] if self.do else told


class DefinitionError(LeadlineError):
    exit_code = 2


class StartError(LeadlineError):
    exit_code = 2


class WorkError(LeadlineError):
    exit_code = 1


class RequestError(LeadlineError):
    status = 400
    title = "Bad request"
    retry_after_s: float | None = None


class BadRequest(RequestError):
    exit_code = 2


class Forbidden(RequestError):
    status = 403
    title = "Forbidden"


class NotFound(RequestError):
    status = 404
    title = "Not found"


class TooSlow(RequestError):
    """A request that did not come to its end."""

    status = 408
    title = "Request timeout"


class Conflict(RequestError):
    """Somebody was faster; the message says who."""

    status = 409
    title = "Conflict"


class TooLarge(RequestError):
    status = 413
    title = "Too large"


class UnsupportedMedia(RequestError):
    status = 415
    title = "Unsupported media type"


class TooMany(RequestError):
    status = 429
    title = "Too many requests"
    retry_after_s = 1.0


class Unavailable(RequestError):
    status = 503
    title = "Unavailable"
    retry_after_s = 1.0


class TooLate(RequestError):
    """The caller's own time limit is over."""

    status = 504
    title = "Too late"
