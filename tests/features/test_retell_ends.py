"""Who stands for nobody once history was told anew: their rows end, and their id has an heir."""

from __future__ import annotations

from pathlib import Path

from lake_rows import MONDAY, opened, write

from core.clock import DAY
from core.database import reading, upsert, writing
from events.identity.index import IdentifierIndex
from events.identity.rematch import Rematch
from events.identity.retold import save_retold
from events.identity.tables import LEAD
from features.definitions import Entity
from features.lake import Lake
from features.offline import newest_blobs
from features.retell import Teller

TOLD_AT = MONDAY + 9 * DAY
GHOST = (Entity.LEAD, "ghost")


def test_an_entity_of_which_no_event_tells_holds_nothing_from_then_on(tmp_path: Path) -> None:
    """Its old rows stay true of their moments; online, and from now on, it must not be served."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ghost", MONDAY, MONDAY, b"a")]])
    lake = Lake(installation.lake)
    teller = Teller(lake, TOLD_AT, 7)

    teller.end([GHOST])
    with writing(engine) as record:
        lake.list_pending(record)
    lake.publish()

    row = teller.newest[GHOST]
    assert (row.known_at, row.created, row.offset, row.blob) == (TOLD_AT, TOLD_AT, 7, b"")
    asked = [("ghost", TOLD_AT - 1), ("ghost", TOLD_AT)]
    assert newest_blobs(installation, Entity.LEAD, asked) == {asked[0]: b"a", asked[1]: b""}


def test_a_row_without_successor_is_emptied_at_its_own_moment(tmp_path: Path) -> None:
    """What it said was told of somebody else: training would read it for ever."""
    installation, engine = opened(tmp_path)
    write(installation, engine, [[("ghost", MONDAY, MONDAY, b"a")]])
    lake = Lake(installation.lake)
    teller = Teller(lake, TOLD_AT, 7)

    teller.correct([(Entity.LEAD, ("ghost", MONDAY))], 200, tmp_path / "spill")
    with writing(engine) as record:
        lake.list_pending(record)
    lake.publish()

    asked = [("ghost", MONDAY), ("ghost", MONDAY + DAY)]
    assert newest_blobs(installation, Entity.LEAD, asked) == dict.fromkeys(asked, b"")


def test_an_id_that_was_handed_out_leads_to_its_heir(tmp_path: Path) -> None:
    """Signals and CRMs hold it: asked for, it answers for whoever has its identifiers now."""
    installation, engine = opened(tmp_path)
    secret, key = installation.secret(), b"k" * 16
    with writing(engine) as record:
        upsert(LEAD, record, [_lead("ghost", "acme"), _lead("heir", None)])
    with writing(engine) as record:
        rematch = Rematch(record, secret, 5)
        rematch.graph.owner[key] = "new"
        gone = save_retold(record, rematch, {"new": "heir"}, {key: "ghost"}, {"ghost"})

    assert gone == {"ghost"}
    with reading(engine) as record:
        row = record.execute(LEAD.select().where(LEAD.c.lead_id == "ghost")).one()
    assert (row.merged_into, row.account_id) == ("heir", None)
    index = IdentifierIndex(None, engine, secret)  # type: ignore[arg-type] - the record answers
    assert index.find_leads(["ghost"]) == [("heir", None)]


def _lead(lead_id: str, account_id: str | None) -> dict[str, object]:
    told = {"lead_id": lead_id, "account_id": account_id, "account_by": None, "merged_into": None}
    times = {"founded_offset": 1, "created_at": MONDAY, "known_at": MONDAY}
    return {**told, **times, "data_key": b"d" * 32}
