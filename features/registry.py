"""Feast's registry against the code: what was applied once may be older than what is declared.

Nobody who only reads changes a registry that is there. One that is missing is made by whoever reads
first; one that differs is told of, and `leadline features apply` brings it up to the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core.errors import DefinitionError, Problem
from core.installation import Installation
from features.feast_store import apply, applying, declared, open_store, registry_file
from features.services import DIGEST_TAG

if TYPE_CHECKING:
    from feast import FeatureService, FeatureStore, FeatureView

APPLY = "run `leadline features apply`"


def open_history(installation: Installation) -> FeatureStore:
    """The store for reading history. DefinitionError, with all that differs, when the registry is
    of other definitions than the code.
    """
    if not registry_file(installation).exists():
        apply(installation)
    with applying(installation):
        store = open_store(installation, None)
        problems = _differences(installation, store)
    if problems:
        raise DefinitionError(
            f"the feature registry in {installation.root} is not of this code and this place",
            problems=problems,
            do=APPLY,
        )
    return store


def differences(installation: Installation) -> list[Problem]:
    """What the registry lacks or holds otherwise than the definitions, object by object."""
    with applying(installation):
        return _differences(installation, open_store(installation, None))


def _differences(installation: Installation, store: FeatureStore) -> list[Problem]:
    from feast import Entity, FeatureService, FeatureView

    there: dict[type, dict[str, Any]] = {
        Entity: {one.name: one for one in store.list_entities()},
        FeatureView: {one.name: one for one in store.list_feature_views()},
        FeatureService: {one.name: one for one in store.list_feature_services()},
    }
    words = {Entity: "entity", FeatureView: "feature view", FeatureService: "feature service"}
    compare = {Entity: _entity, FeatureView: _view, FeatureService: _service}
    found = []
    for kind, one in declared(installation):
        where = f"{words[kind]} {one.name}"
        if one.name not in there[kind]:
            found.append(Problem(where, "is missing"))
            continue
        found += [Problem(where, told) for told in compare[kind](there[kind][one.name], one)]
    return found


def _entity(held: Any, wanted: Any) -> Iterator[str]:
    if held.join_key != wanted.join_key:
        yield f"is joined by {held.join_key}, the code joins by {wanted.join_key}"


def _view(held: FeatureView, wanted: FeatureView) -> Iterator[str]:
    if held.batch_source != wanted.batch_source:
        yield f"reads {_place(held)}, the code reads {_place(wanted)}"
    there, here = ({one.name: str(one.dtype) for one in view.schema} for view in (held, wanted))
    if there != here:
        yield f"has the columns {_columns(there)}, the code has {_columns(here)}"
    if held.ttl != wanted.ttl:
        yield f"forgets rows after {held.ttl}, the code after {wanted.ttl}"
    if dict(held.tags) != dict(wanted.tags):
        yield f"has the tags {dict(held.tags)}, the code has {dict(wanted.tags)}"


def _service(held: FeatureService, wanted: FeatureService) -> Iterator[str]:
    there, here = (sorted(_views(one)) for one in (held, wanted))
    if there != here:
        yield f"reads {', '.join(there)}, the code reads {', '.join(here)}"
    before, now = (one.tags.get(DIGEST_TAG, "none") for one in (held, wanted))
    if before != now:
        yield f"is of other feature definitions (digest {before}, the code has {now})"


def _views(service: FeatureService) -> list[str]:
    return [one.name for one in service.feature_view_projections]


def _columns(told: dict[str, str]) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in sorted(told.items()))


def _place(view: FeatureView) -> str:
    """A folder of files, or a table with the times that it is read by."""
    source: Any = view.batch_source
    place = getattr(source, "path", None) or source.get_table_query_string()
    return f"{place} by {source.timestamp_field} and {source.created_timestamp_column}"
