"""Round robins: whose turn it is follows from counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import Rulebook, load_catalog
from rules.pool import Load, Member, Pool

Edit = Callable[[str, str, str], dict[str, str]]
Find = Callable[[dict[str, str]], list[str]]

MEMBERS = st.lists(
    st.tuples(st.integers(1, 5), st.none() | st.integers(1, 20)), min_size=1, max_size=5
).map(lambda told: tuple(Member(f"rep-{at}", *one) for at, one in enumerate(told)))


def play(pool: Pool, turns: int) -> list[str | None]:
    """Who gets so many leads, none of which is ever done with."""
    loads: dict[str, Load] = {}
    told = []
    for _ in range(turns):
        name = pool.next(loads)
        told.append(name)
        if name is not None:
            before = loads.get(name, Load())
            loads[name] = Load(before.given + 1, before.open + 1)
    return told


def test_equals_take_turns_in_the_order_of_the_list() -> None:
    """What people expect of a round robin."""
    pool = Pool((Member("a", 1, None), Member("b", 1, None)), 60, "desk")
    assert play(pool, 5) == ["a", "b", "a", "b", "a"]


def test_a_weight_of_two_takes_two_of_three() -> None:
    """And never many in one go: the turns are spread."""
    pool = Pool((Member("a", 2, None), Member("b", 1, None)), 60, "desk")
    assert play(pool, 6) == ["a", "b", "a", "a", "b", "a"]


@given(MEMBERS, st.integers(0, 60))
def test_shares_follow_weights_and_nobody_is_overloaded(
    members: tuple[Member, ...], turns: int
) -> None:
    """Whoever has room is at most one lead away from their share; whoever is full gets no more."""
    got = Counter(play(Pool(members, 60, "desk"), turns))
    for member in members:
        assert member.capacity is None or got[member.name] <= member.capacity
    free = [one for one in members if one.capacity is None or got[one.name] < one.capacity]
    for one in free:
        for other in members:
            assert (got[other.name] - 1) / other.weight <= got[one.name] / one.weight
    assert bool(got[None]) <= (not free)


def test_somebody_else_takes_over_when_all_are_full() -> None:
    """No signal waits for room."""
    pool = Pool((Member("a", 1, 1), Member("b", 1, 2)), 60, "desk")
    assert play(pool, 4) == ["a", "b", "b", None]


OWNER = "owner: {round_robin: [rep-1, {name: rep-2, weight: 2, capacity: 30}], else: desk, per: 3d}"


def test_a_route_names_its_round_robin(edit: Edit) -> None:
    """The rules say who may be chosen; until somebody chooses, `else` is the owner."""
    files = edit("routing.yaml", "owner: senior-rep-uk", OWNER)
    route = load_catalog(files).route({"region": "UK", "employee_band": "2000+"})
    assert route.rule == "enterprise_uk"
    assert route.owner == "desk"
    assert route.pool == Pool(
        (Member("rep-1", 1, None), Member("rep-2", 2, 30)), 3 * 86_400, "desk"
    )


def test_a_lead_with_an_owner_needs_no_turn(edit: Edit) -> None:
    """`else` of a fact may be a round robin: it is for those whom nobody owns."""
    pooled = "owner: {fact: owner, else: {round_robin: [rep-1], else: desk}}"
    book: Rulebook = load_catalog(edit("routing.yaml", "owner: senior-rep-uk", pooled))
    facts = {"region": "UK", "employee_band": "2000+"}
    assert book.route(facts).pool is not None
    owned = book.route({**facts, "owner": "rep-9"})
    assert (owned.owner, owned.pool) == ("rep-9", None)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[rep-1,", "[rep-1, rep-1,", "`rep-1` stands twice"),
        ("weight: 2", "weight: 0", "has to be a whole number from 1 to 100"),
        ("weight: 2", "wieght: 2", "did you mean `weight`?"),
        ("capacity: 30", "capacity: none", "has to be a whole number from 1"),
        (", else: desk", "", "a round robin lacks `else`"),
        ("per: 3d", "per: 0d", "has to be longer than 0"),
        ("{name: rep-2,", "{", "a member lacks `name`"),
        ("[rep-1, {name: rep-2, weight: 2, capacity: 30}]", "[]", "not an empty list"),
    ],
)
def test_a_wrong_round_robin_is_refused(
    edit: Edit, problems: Find, old: str, new: str, told: str
) -> None:
    """Told with its line, as everything in a catalog is."""
    assert old in OWNER
    found = problems(edit("routing.yaml", "owner: senior-rep-uk", OWNER.replace(old, new)))
    assert any(one.startswith("routing.yaml:") and told in one for one in found), found
