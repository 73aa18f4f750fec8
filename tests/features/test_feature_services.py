"""A feature service for each model version: its columns, by name, in Feast's own registry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from core.database import open_record
from core.errors import DefinitionError
from core.installation import Installation
from features.definitions import FEATURES, digest
from features.feast_store import apply, open_store
from features.names import SERVICE
from features.services import Service, apply_services, columns, list_services, service_of
from scoring.card import Calibration, Card, Input, write_card
from serving.commands.features import features
from training.frames import Data

SEVENTH = service_of("lead_propensity_v7", ("pricing_views_7d", "industry", "page_views_ever"))
LEAD_ONLY = service_of("lead_propensity_v8", ("page_views_ever",))


def listed(installation: Installation, *words: str) -> list[dict[str, Any]]:
    told = CliRunner().invoke(
        features, ["list", "--services", "--json", *words, "--data", str(installation.root)]
    )
    assert told.exit_code == 0, told.output
    found: list[dict[str, Any]] = json.loads(told.output)
    return found


def test_a_versions_service_tells_its_features_in_their_order(installation: Installation) -> None:
    """What a data scientist asks for by name is what the model was taught on, column by column."""
    apply_services(installation, [SEVENTH])
    apply_services(installation, [LEAD_ONLY])

    assert columns(installation, "lead_propensity_v7") == SEVENTH.features
    assert {one.name for one in list_services(installation)} == {
        SERVICE, "lead_propensity_v7", "lead_propensity_v8",
    }  # fmt: skip


def test_feast_knows_it_as_a_service_over_the_views_that_it_reads(
    installation: Installation,
) -> None:
    """Feast's own tools show what a version needs; a lead's features need no accounts."""
    apply_services(installation, [SEVENTH, LEAD_ONLY])
    store = open_store(installation, None)

    both = store.get_feature_service("lead_propensity_v7")
    alone = store.get_feature_service("lead_propensity_v8")

    assert [one.name for one in both.feature_view_projections] == ["lead_tiles", "account_tiles"]
    assert [one.name for one in alone.feature_view_projections] == ["lead_tiles"]
    assert both.tags["features_digest"] == SEVENTH.digest


def test_applying_the_definitions_keeps_the_versions(installation: Installation) -> None:
    """An upgrade must not take the contract of a model that still serves."""
    apply_services(installation, [SEVENTH])
    apply(installation)
    assert columns(installation, "lead_propensity_v7") == SEVENTH.features


def test_a_name_that_nobody_has_is_told_with_the_nearest(installation: Installation) -> None:
    """Names of versions are long, and easily mistyped."""
    apply_services(installation, [SEVENTH])
    with pytest.raises(DefinitionError, match="did you mean 'lead_propensity_v7'") as refused:
        columns(installation, "lead_propnsity_v7")
    assert "lead_propensity_v7" in refused.value.do
    with pytest.raises(DefinitionError, match="no feature service is called 'sales'"):
        columns(installation, "sales")


def test_before_anything_was_applied_there_is_none_but_all(installation: Installation) -> None:
    """A new installation is no fault."""
    assert list_services(installation) == []
    assert columns(installation, "all") == tuple(one.name for one in FEATURES)
    with pytest.raises(DefinitionError, match="no feature service"):
        columns(installation, "lead_propensity_v1")


@pytest.mark.parametrize(
    "old",
    [
        Service("lead_propensity_v7", SEVENTH.features, "0123456789abcdef"),
        Service("lead_propensity_v7", ("a_feature_of_before",), "0123456789abcdef"),
    ],
)
def test_features_that_are_defined_otherwise_today_are_refused(
    installation: Installation, old: Service
) -> None:
    """Its frame would hold other numbers than the model was taught on, under the same names."""
    apply_services(installation, [old])
    with pytest.raises(DefinitionError, match="defined otherwise now"):
        columns(installation, "lead_propensity_v7")
    [row] = [row for row in listed(installation) if row["name"] == "lead_propensity_v7"]
    assert row["current"] is False


def test_a_service_of_others_is_listed_and_not_read(installation: Installation) -> None:
    """Feast's own tools may add services to the same registry: they name no features of ours."""
    from feast import FeatureService

    apply(installation)
    store = open_store(installation, None)
    store.apply(FeatureService(name="theirs", features=[store.get_feature_view("lead_tiles")]))

    assert "theirs" in {row["name"] for row in listed(installation)}
    with pytest.raises(DefinitionError, match="defined otherwise"):
        columns(installation, "theirs")


def test_the_list_shows_them_to_people_too(installation: Installation) -> None:
    """One line each: how many features, of which views, by which digest."""
    told = (
        CliRunner()
        .invoke(features, ["list", "--services", "--data", str(installation.root)])
        .output
    )
    assert "none yet" in told
    apply_services(installation, [SEVENTH])
    told = (
        CliRunner()
        .invoke(features, ["list", "--services", "--data", str(installation.root)])
        .output
    )
    [line] = [line for line in told.splitlines() if line.startswith("lead_propensity_v7")]
    assert "3 features of lead_tiles, account_tiles" in line
    assert SEVENTH.digest in line


def test_a_notebooks_frame_has_exactly_these_columns(installation: Installation) -> None:
    """Three lines in a notebook: data, service, frame."""
    apply_services(installation, [SEVENTH])
    open_record(installation.record_db).dispose()
    data = Data(installation.root)

    assert data.features("lead_propensity_v7") == SEVENTH.features
    frame = data.frame([], "lead_propensity_v7")
    assert list(frame.columns) == ["crm_id", "moment", "won", *SEVENTH.features]


def test_releases_come_back_with_the_definitions(installation: Installation) -> None:
    """A registry that was lost, or an installation from before there were services."""
    folder = installation.releases / "lead_propensity-3"
    folder.mkdir(parents=True)
    names = ("pricing_views_30d", "form_submits_7d")
    card = Card(
        name="lead_propensity",
        version="3",
        trained_at=0,
        inputs=tuple(Input(name) for name in names),
        features_digest=digest(names),
        calibration=Calibration(),
        trees_sha256="",
        known_answers=(),
        metrics={},
    )
    write_card(folder, card)

    told = CliRunner().invoke(features, ["apply", "--data", str(installation.root)])

    assert told.exit_code == 0, told.output
    assert "applied lead_propensity_v3" in told.output
    assert columns(installation, "lead_propensity_v3") == names
