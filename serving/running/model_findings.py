"""What `leadline doctor` finds of models: does the one in force load, what says the registry."""

from __future__ import annotations

from core.errors import LeadlineError
from core.installation import Installation
from core.release import Release
from serving.running.machine import Finding, wrong


def in_force(installation: Installation, release: Release) -> Finding:
    """The files are read, checked and scored with, as each process does that begins to serve."""
    if not release.number:
        return Finding("release", "note", "nothing is in force yet", "`leadline up` ships rules")
    told = f"number {release.number}, rules {release.rules_version}"
    if release.model_name is None or release.model_version is None:
        return Finding("release", "note", f"{told}, no model", "`leadline train` makes one")
    model = f"{release.model_name}-{release.model_version}"
    do = f"`leadline promote {release.model_version}` copies it from the registry again"
    if not (installation.releases / model).is_dir():
        return Finding("release", "wrong", f"{told}; the folder of {model} is missing", do)
    from scoring.released import load_released

    try:
        load_released(installation.releases, release.model_name, release.model_version)
    except LeadlineError as refused:
        return Finding("release", "wrong", f"{told}; {refused.detail}", do)
    return Finding("release", "ok", f"{told}, model {model}")


def registry(installation: Installation, release: Release) -> Finding:
    """Whether it can be read, and whether its champion is what serves."""
    from scoring import registry as kept

    if not kept.store(installation).exists():
        return Finding("model registry", "note", "there is none yet", "`leadline train` makes it")
    try:
        client = kept.open_registry(installation)
        with kept.telling("read the model registry", installation):
            champion = kept.champion(client)
    except LeadlineError as problem:
        return wrong("model registry", problem)
    if champion is None:
        return Finding("model registry", "ok", "no champion yet")
    if champion == release.model_version:
        return Finding("model registry", "ok", f"its champion, version {champion}, is in force")
    told = f"its champion is version {champion}, in force is {release.model_version or 'none'}"
    do = "a running `leadline up` follows within seconds; if not, see logs/deliver.log"
    return Finding("model registry", "note", told, do)
