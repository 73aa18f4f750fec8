"""A record that was made before versions had a source, and keys had scopes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core import release
from core.database import open_record
from rules import life
from serving.keys import KeyRing, Scope, list_keys, rotate
from tests.rules_life.small import SMALL, edited

OLD = """
CREATE TABLE release (number INTEGER NOT NULL PRIMARY KEY, rules_version INTEGER NOT NULL,
  model_name VARCHAR, model_version VARCHAR, experiment VARCHAR, made_at BIGINT NOT NULL,
  reason VARCHAR NOT NULL);
CREATE TABLE rule_version (version INTEGER NOT NULL PRIMARY KEY, digest VARCHAR NOT NULL,
  files JSON NOT NULL, author VARCHAR NOT NULL, note VARCHAR NOT NULL,
  published_at BIGINT NOT NULL);
CREATE TABLE api_key (id VARCHAR NOT NULL PRIMARY KEY, kind VARCHAR NOT NULL,
  digest VARCHAR NOT NULL UNIQUE, created_at BIGINT NOT NULL, expires_at BIGINT,
  revoked_at BIGINT);
INSERT INTO release VALUES (1, 1, NULL, NULL, NULL, 1, 'shipped');
INSERT INTO rule_version VALUES (1, 'd1', '{"fit.yaml": "a"}', 'shipped', 'it ships', 1);
INSERT INTO release VALUES (2, 2, NULL, NULL, NULL, 2, 'ours');
INSERT INTO rule_version VALUES (2, 'd2', '{"fit.yaml": "b"}', 'ana', 'ours', 2);
INSERT INTO api_key VALUES ('k1', 'secret', 'digest', 1, NULL, NULL);
"""


def test_what_was_there_is_read_and_goes_on(tmp_path: Path) -> None:
    """An update of the program is no reason to publish or to make keys anew."""
    file = tmp_path / "record.db"
    with sqlite3.connect(file) as old:
        old.executescript(OLD)

    engine = open_record(file)

    assert release.current(engine).rules_version == 2
    newest, first = life.history(engine)
    assert (newest.author, newest.source, newest.parent, newest.diff) == ("ana", None, None, None)
    assert newest.since is not None
    assert (newest.since.author, newest.since.at) == ("ana", 2)
    assert not first.in_force
    (key,) = list_keys(engine)
    assert (key.id, key.scopes) == ("k1", ())
    assert life.publish(engine, SMALL, "ben", "", 2, 3, "cli").version == 3
    assert life.publish(engine, edited(9), "ben", "", 3, 4, "cli").version == 4
    assert life.read_version(engine, 3).parent == 2
    made = rotate(engine, "k1", 5, 0)
    found = KeyRing(engine).find(made.key)
    assert found is not None
    assert Scope.RULES_DRAFT not in found.scopes
