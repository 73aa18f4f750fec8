"""Feature services: what each model version reads, by name, in Feast's registry.

A service tells its features in their order and the digest of their definitions, so that a frame for
it has exactly the columns that the model was taught on, or is refused.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import DefinitionError
from core.installation import Installation
from features.definitions import BY_FEATURE, FEATURES, digest
from features.names import VIEWS

if TYPE_CHECKING:
    from feast import FeatureService

ALL = "all"
"""The service of all features: it stands in no registry."""
FEATURES_TAG = "features"
DIGEST_TAG = "features_digest"


class Service(msgspec.Struct, frozen=True):
    """`features` in the order of the model's columns; `digest` of their definitions."""

    name: str
    features: tuple[str, ...]
    digest: str

    @property
    def views(self) -> tuple[str, ...]:
        """The views that hold what these features are made of."""
        read = {BY_FEATURE[name].entity.value for name in self.features if name in BY_FEATURE}
        return tuple(view for entity, view in VIEWS.items() if entity in read)

    @property
    def tags(self) -> dict[str, str]:
        return {FEATURES_TAG: json.dumps(self.features), DIGEST_TAG: self.digest}

    @property
    def is_current(self) -> bool:
        """Whether its features are defined today as they were when it was applied."""
        known = all(name in BY_FEATURE for name in self.features)
        return known and self.digest == digest(self.features)


def service_of(name: str, features: Sequence[str]) -> Service:
    """A service by today's definitions. KeyError for a feature that is not declared."""
    return Service(name, tuple(features), digest(tuple(features)))


def version_service(model: str, version: str) -> str:
    """`lead_propensity`, `7` → `lead_propensity_v7`: a model version's feature service."""
    return f"{model}_v{version}"


def apply_services(installation: Installation, services: Iterable[Service]) -> None:
    """Puts services into the registry; others stay. It is brought up to the code first, if it is
    older: what a service reads has to be there.
    """
    from feast import FeatureService

    from features.feast_store import apply, applying, open_store
    from features.registry import differences

    if differences(installation):
        apply(installation)
    with applying(installation):
        store = open_store(installation, None)
        views = {view.name: view for view in store.list_feature_views()}
        made: list[Any] = [
            FeatureService(
                name=one.name, features=[views[name] for name in one.views], tags=one.tags
            )
            for one in services
        ]
        if made:
            store.apply(made)


def list_services(installation: Installation) -> list[Service]:
    """Those in the registry, by name; none while there is no registry."""
    from features.feast_store import applying, open_store, registry_file

    if not registry_file(installation).exists():
        return []
    with applying(installation):
        found = open_store(installation, None).list_feature_services()
    return sorted(map(_read, found), key=lambda one: one.name)


def _read(found: FeatureService) -> Service:
    """One that others applied has no tags of ours: it names no feature and is not current."""
    names = tuple(json.loads(found.tags.get(FEATURES_TAG, "[]")))
    return Service(found.name, names, found.tags.get(DIGEST_TAG, ""))


def columns(installation: Installation, name: str) -> tuple[str, ...]:
    """The features of a service, in its order; `all` is all there are.

    DefinitionError, with the nearest name, if there is no such service, and if one of its features
    is defined otherwise today.
    """
    if name == ALL:
        return tuple(one.name for one in FEATURES)
    known = {one.name: one for one in list_services(installation)}
    if name not in known:
        raise unknown_service(name, [ALL, *known])
    if not known[name].is_current:
        raise DefinitionError(
            f"the features of {name} are defined otherwise now than when it was applied",
            do="read another service, or train anew with `leadline train`",
        )
    return known[name].features


def unknown_service(name: str, known: Sequence[str]) -> DefinitionError:
    near = difflib.get_close_matches(name, known, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    return DefinitionError(
        f"no feature service is called {name!r}{meant}", do=f"there are: {' '.join(known)}"
    )
