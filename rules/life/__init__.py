"""The life of an edit: draft → check → test → publish → (rollback). All of it is in the record.

    versions.py     what was published, by whom, when, why; never changed afterwards
    publish.py      a catalog becomes the next version and is in force, in one transaction
    difference.py   two catalogs → what an author changed, rule by rule
    telling.py      the same in lines for people

Nothing here scores: a process follows the release row and compiles what it names.
"""

from rules.life.difference import Diff, diff
from rules.life.publish import Published, prove, publish, rollback
from rules.life.versions import Version, history, live_version, read_version, version_files

__all__ = [
    "Diff",
    "Published",
    "Version",
    "diff",
    "history",
    "live_version",
    "prove",
    "publish",
    "read_version",
    "rollback",
    "version_files",
]
