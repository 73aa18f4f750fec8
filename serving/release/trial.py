"""The experiment in force: who is drawn into its challenger's arm, and what that arm is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import sqlalchemy as sa

import rules
from core.database import reading
from core.errors import LeadlineError, NotFound
from core.installation import Installation
from core.release import Release
from rules.life import version_files
from scoring import Scorer
from scoring.arms import CHALLENGER, CHAMPION, Arms, Place, unit_of
from scoring.experiment import Spec, find
from scoring.released import load_released

if TYPE_CHECKING:
    from serving.release.inforce import Loaded

EXPERIMENT = "experiment"
"""What `degraded` names when a challenger cannot be loaded: the champion serves everybody."""


class Trial(NamedTuple):
    """`challenger` is what is in force for its arm, as complete as the champion's."""

    experiment: str
    arms: Arms
    shadow: bool
    challenger: Loaded

    def place(self, lead_id: str, account_id: str | None) -> Place:
        """A challenger that only shadows gets nobody."""
        if self.shadow:
            return Place(self.experiment, unit_of(lead_id, account_id), CHAMPION)
        return self.arms.place(lead_id, account_id)


class Trials:
    """Loads what a challenger consists of, once. Asked by one thread at a time."""

    def __init__(self, installation: Installation, engine: sa.Engine) -> None:
        self._installation = installation
        self._engine = engine
        self._experiment = ""
        self._spec: Spec | None = None
        self._scorer: Scorer | None = None
        self._rulebook: rules.Rulebook | None = None

    def follow(self, wanted: Release, champion: Loaded) -> tuple[Trial | None, str]:
        """The experiment that the release names beside its champion, and why there is none."""
        experiment = wanted.experiment
        if experiment is None:
            return None, ""
        if experiment != self._experiment:
            self._experiment, self._spec = experiment, None
            self._scorer, self._rulebook = None, None
        try:
            spec = self._load(experiment)
        except LeadlineError as refused:
            return None, f"experiment {experiment} refused: {refused}"
        arms = Arms(self._installation.secret(), experiment, spec.share)
        return Trial(experiment, arms, spec.shadow, self._challenger(spec, champion)), ""

    def _load(self, experiment: str) -> Spec:
        if self._spec is None:
            with reading(self._engine) as record:
                found = find(record, experiment)
            if found is None:
                raise NotFound("the record does not know it")
            self._spec = found.spec
        spec = self._spec
        if spec.challenger is not None and spec.model_name is not None and self._scorer is None:
            self._scorer = load_released(
                self._installation.releases, spec.model_name, spec.challenger, CHALLENGER
            )
        if spec.challenger_rules is not None and self._rulebook is None:
            files = version_files(self._engine, spec.challenger_rules)
            self._rulebook = rules.load_catalog(files)
        return spec

    def _challenger(self, spec: Spec, champion: Loaded) -> Loaded:
        """What the experiment does not compare is the champion's, also when that changes."""
        release, degraded = champion.release, champion.degraded
        if self._scorer is not None:
            name, version = self._scorer.name, self._scorer.version
            release = msgspec.structs.replace(release, model_name=name, model_version=version)
            degraded = tuple(one for one in degraded if one != "model")
        if self._rulebook is not None and spec.challenger_rules is not None:
            release = msgspec.structs.replace(release, rules_version=spec.challenger_rules)
            degraded = tuple(one for one in degraded if one != "rules")
        return champion._replace(
            release=release,
            rulebook=self._rulebook or champion.rulebook,
            scorer=self._scorer or champion.scorer,
            degraded=degraded,
        )
