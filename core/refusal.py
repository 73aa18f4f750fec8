"""A disk or a database that refused, told as one of our errors: what, where, what to do.

Whoever asked did nothing wrong, and neither did we: a traceback would help nobody.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable

from core.errors import LeadlineError, StartError, WorkError

_ROOM = "free some space there, or name another folder with --data"
_RIGHT = "let this user write there, or name another folder with --data"
_DAMAGED = "bring it back from your backup; the event log replays what it lacks"
_BUSY = "try again; `leadline doctor` says what runs there"
_AWAY = "see that its server runs, and that the settings name it rightly"

_Kind = tuple[Callable[..., LeadlineError], str, str]
_FULL: _Kind = (StartError, "the disk is full or fails", _ROOM)
_CLOSED: _Kind = (StartError, "cannot be opened or written", _RIGHT)

_BY_SQLITE: dict[int, _Kind] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_CORRUPT: (StartError, "is damaged", _DAMAGED),
    sqlite3.SQLITE_NOTADB: (StartError, "is no database", _DAMAGED),
    sqlite3.SQLITE_BUSY: (WorkError, "is kept busy by others", _BUSY),
    sqlite3.SQLITE_LOCKED: (WorkError, "is kept busy by others", _BUSY),
}
_BY_ERRNO: dict[int, _Kind] = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EIO: _FULL,
    errno.EROFS: _CLOSED,
    errno.EACCES: _CLOSED,
    errno.EPERM: _CLOSED,
}


def refusal(fault: BaseException) -> LeadlineError | None:
    """None when `fault` is anything else, and so may be a fault of ours.

    StartError where the operator has to do something; WorkError where trying again may do. Where
    it happened is a file's name, or the first note that `open_record` leaves on an error.
    """
    cause = getattr(fault, "orig", None) or fault  # SQLAlchemy wraps what the driver raised
    where = getattr(cause, "filename", None) or next(iter(getattr(fault, "__notes__", [])), "")
    if isinstance(cause, OSError):
        return _told(_BY_ERRNO.get(cause.errno or 0), cause.strerror, where or "a file")
    if isinstance(cause, sqlite3.Error):
        # The low byte is the kind; the rest says which step of it failed.
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        return _told(_BY_SQLITE.get(code), cause, where or "a database in the data folder")
    if type(fault).__name__ == "OperationalError":  # of another database, through SQLAlchemy
        return _told((WorkError, "does not do its work", _AWAY), cause, where or "the record")
    return None


def is_outage(fault: BaseException) -> bool:
    """Whether a store refuses to work, whatever it is asked: then trying again may do.

    What a database says of one value (too long, a NUL character, a rule of the table) is none: the
    same value will be refused for ever.
    """
    from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

    about_a_value = isinstance(fault, DataError | IntegrityError)
    return isinstance(fault, OSError | SQLAlchemyError) and not about_a_value


def _told(kind: _Kind | None, words: object, where: object) -> LeadlineError | None:
    if kind is None:
        return None
    error, what, do = kind
    said = " ".join(str(words).split())
    return error(f"{where}: {what} ({said})", do=do)
