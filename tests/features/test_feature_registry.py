"""A registry that older code applied is told of, and changed by nobody who only reads."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from lake_rows import MONDAY, opened, write

from core.errors import DefinitionError
from core.installation import Installation
from features import feast_history
from features.applied import is_current
from features.definitions import Entity
from features.feast_store import apply, open_store, registry_file
from features.registry import differences, open_history
from serving.commands.features import features
from serving.running.diagnosis import examine
from serving.watches.registry_watch import RegistryWatch


def older(installation: Installation, **changed: Any) -> None:
    """The registry as a release before this one applied it: with another view of leads."""
    from feast import FeatureService, FeatureView, Field, FileSource
    from feast.types import Bytes, Int64, String

    apply(installation)
    store = open_store(installation, None)
    held = store.get_feature_view("lead_tiles")
    told: dict[str, Any] = {
        "name": "lead_tiles",
        "entities": [store.get_entity("lead")],
        "ttl": timedelta(0),
        "schema": [Field(name="lead_id", dtype=String), Field(name="tiles", dtype=Bytes)],
        "source": held.batch_source,
    }
    match changed:
        case {"source": folder}:
            told["source"] = FileSource(
                name="lead_tiles_rows", path=f"{folder}/**/*.parquet", timestamp_field="known_at"
            )
        case {"column": name}:
            told["schema"].append(Field(name=name, dtype=Int64))
        case {"ttl": days}:
            told["ttl"] = timedelta(days=days)
        case {"tags": tags}:
            told["tags"] = tags
        case {"digest": digest}:
            views = [held, store.get_feature_view("account_tiles")]
            tags = {"features_digest": digest}
            store.apply(FeatureService(name="lead_propensity", features=views, tags=tags))
            return
        case {"missing": name}:
            store.delete_feature_service("lead_propensity")
            store.delete_feature_view(name)
            return
    store.apply(FeatureView(**told))


OLDER: dict[str, tuple[dict[str, Any], str, str]] = {
    "a view is missing": ({"missing": "account_tiles"}, "feature view account_tiles", "is missing"),
    "the lake moved": ({"source": "/before/lake"}, "feature view lead_tiles", "/before/lake"),
    "a column more": ({"column": "page_views"}, "feature view lead_tiles", "page_views Int64"),
    "rows are forgotten": ({"ttl": 30}, "feature view lead_tiles", "30 days"),
    "other tags": ({"tags": {"format": "1"}}, "feature view lead_tiles", "'format': '1'"),
    "other features": ({"digest": "0123456789abcdef"}, "feature service", "0123456789abcdef"),
}


@pytest.mark.parametrize("case", OLDER)
def test_what_is_older_is_told_and_what_to_do(installation: Installation, case: str) -> None:
    """A command that reads through Feast must not read by other definitions, nor change them."""
    changed, where, word = OLDER[case]
    older(installation, **changed)
    before = registry_file(installation).read_bytes()

    with pytest.raises(DefinitionError) as refused:
        feast_history.newest(installation, Entity.LEAD, [("ada", MONDAY)])

    told = [str(problem) for problem in refused.value.problems]
    assert any(where in line and word in line for line in told), told
    assert refused.value.do == "run `leadline features apply`"
    assert registry_file(installation).read_bytes() == before


@pytest.mark.parametrize("case", OLDER)
def test_applying_brings_it_up_to_the_code(installation: Installation, case: str) -> None:
    """What the message says has to be the cure."""
    older(installation, **OLDER[case][0])
    told = CliRunner().invoke(features, ["apply", "--data", str(installation.root)])
    assert told.exit_code == 0, told.output
    assert differences(installation) == []
    open_history(installation)


def test_a_folder_that_was_copied_is_not_read_at_its_old_place(tmp_path: Path) -> None:
    """Silently reading the lake of the installation it was copied from would be the worst."""
    first, second = (Installation(tmp_path / name).create() for name in ("first", "second"))
    apply(first)
    registry_file(second).write_bytes(registry_file(first).read_bytes())
    (second.feast / "applied").write_bytes((first.feast / "applied").read_bytes())

    problems = [str(one) for one in differences(second)]

    assert any(str(first.lake) in one and str(second.lake) in one for one in problems)
    assert not is_current(second)


def test_a_missing_registry_is_made_by_who_reads_first(tmp_path: Path) -> None:
    """Nothing is older than nothing: a new installation asks nobody for a command."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ada", MONDAY, MONDAY, b"a")]])
    asked = [("ada", MONDAY)]
    assert feast_history.newest(installation, Entity.LEAD, asked) == {asked[0]: b"a"}
    assert differences(installation) == []


def finding(installation: Installation) -> tuple[str, str, str]:
    [found] = [one for one in examine(installation) if one.subject == "feature registry"]
    return found.state, found.told, found.do


def test_doctor_tells_of_it(tmp_path: Path) -> None:
    """Before anybody reads by it."""
    installation, engine = opened(tmp_path)
    engine.dispose()
    assert finding(installation)[0] == "ok"
    older(installation, missing="account_tiles")
    state, told, do = finding(installation)
    assert (state, do) == ("wrong", "run `leadline features apply`")
    assert "feature view account_tiles: is missing" in told
    apply(installation)
    assert finding(installation)[:2] == ("ok", "as the code declares it")


def test_a_running_system_applies_by_itself(installation: Installation) -> None:
    """`leadline up` after an upgrade: deliver's timer notices, in a process that ends."""
    apply(installation)
    note = installation.feast / "applied"
    note.write_text("what the release before wrote")
    RegistryWatch(installation, threading.Event()).look()
    assert is_current(installation)
    assert "applied lead_tiles" in (installation.logs / "apply.log").read_text()

    before = registry_file(installation).stat().st_mtime_ns
    RegistryWatch(installation, threading.Event()).look()
    assert registry_file(installation).stat().st_mtime_ns == before


def test_another_offline_store_is_another_registry(installation: Installation) -> None:
    """`features.offline` in the settings moves the source: the watch has to notice that too."""
    apply(installation)
    told = {"type": "postgres", "host": "h", "database": "d", "user": "u", "password": "p"}
    installation.settings_file.write_text(yaml.safe_dump({"features": {"offline": told}}))
    assert not is_current(installation)
    assert any("lead_tiles" in str(one) for one in differences(installation))
