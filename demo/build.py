"""World and calls onto the disk: made in a process of its own, whose memory is given back."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import msgspec

from demo.calls import calls
from demo.crm import company_traits
from demo.known import Known, knowns
from demo.pages import page_view_count
from demo.world import World, generate, read


class Built(msgspec.Struct, frozen=True):
    """What was written. `people` are user ids; `companies` the traits of each account posted."""

    calls: int
    page_views: int
    people: list[str]
    companies: list[dict[str, Any]]


class Paths:
    """What lies in the world's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls.jsonl"
        self.split = folder / "split.csv"


def build(folder: Path, seed: int, difficulty: str, leads: int, now: int) -> Built:
    """Generates the world into `folder`, with its calls (JSON Lines, in order) and its split."""
    shutil.rmtree(folder, ignore_errors=True)
    generate(folder, seed, difficulty, leads)
    world = read(folder, seed, now)
    paths = Paths(folder)
    made = calls(world)
    with paths.calls.open("wb") as file:
        for call in made:
            file.write(call.body + b"\n")
    _write_split(paths.split, world)
    known = knowns(world)
    return Built(
        calls=len(made),
        page_views=page_view_count(world),
        people=[who.person.user_id for who in known.values()],
        companies=_companies(world, known),
    )


def _write_split(path: Path, world: World) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("crm_id", "split"))
        writer.writerows(sorted(world.split.items()))


def _companies(world: World, known: dict[str, Known]) -> list[dict[str, Any]]:
    accounts = {row["account_id"]: row for row in world.rows("accounts")}
    named = {who.lead["account_id"]: who.company for who in known.values()}
    return [company_traits(company, accounts[key]) for key, company in named.items()]
