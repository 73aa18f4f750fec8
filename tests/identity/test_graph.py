"""match, the pure part: who owns which identifier, and what becomes one lead."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.identity.accounts import Accounts
from events.identity.graph import Graph, Lead, key_of
from events.types import Door, Event, Identifier, IdentifierKind, Merge

SECRET = b"s" * 32
USER, EMAIL, ANONYMOUS = IdentifierKind.USER_ID, IdentifierKind.EMAIL, IdentifierKind.ANONYMOUS_ID


def event(offset: int, *ids: Identifier, **more: object) -> Event:
    return Event(offset=offset, message_id=f"m{offset}", door=Door.LIVE, kind="track", name="x",
                 occurred_at=offset, known_at=offset, recorded_at=offset, identifiers=ids,
                 **more)  # type: ignore[arg-type]  # fmt: skip


class People:
    """A graph fed event by event."""

    def __init__(self, per_lead: int = 5) -> None:
        self.graph = Graph(SECRET, per_lead)
        self.offset = 0

    def see(self, *ids: tuple[IdentifierKind, str]) -> tuple[Lead, bool, tuple[Merge, ...]]:
        self.offset += 1
        told = [Identifier(kind, value) for kind, value in sorted(ids, key=_strength)]
        keyed = [(one, key_of(SECRET, one)) for one in told]
        return self.graph.resolve(event(self.offset, *told), keyed)

    def owner(self, kind: IdentifierKind, value: str) -> str:
        return self.graph.owner[key_of(SECRET, Identifier(kind, value))]


def _strength(one: tuple[IdentifierKind, str]) -> int:
    return list(IdentifierKind).index(one[0])


def test_an_anonymous_visitor_who_names_themselves_becomes_one_lead() -> None:
    """The journey before the form belongs to the person who filled it in."""
    people = People()
    visitor, founded, _ = people.see((ANONYMOUS, "a"))
    known, _, _ = people.see((USER, "u"))
    both, _, merges = people.see((ANONYMOUS, "a"), (USER, "u"))
    assert founded
    assert both is known
    assert [(one.survivor, one.absorbed) for one in merges] == [(known.lead_id, visitor.lead_id)]
    assert people.owner(ANONYMOUS, "a") == known.lead_id


def test_two_users_of_one_browser_stay_two_leads() -> None:
    """A lead has one user id: the shared device's id is left out, not the person."""
    people = People()
    first, _, _ = people.see((USER, "u1"), (ANONYMOUS, "a"))
    second, founded, merges = people.see((USER, "u2"), (ANONYMOUS, "a"))
    assert founded
    assert not merges
    assert first.lead_id != second.lead_id
    assert people.owner(ANONYMOUS, "a") == first.lead_id


def test_a_lead_carries_no_more_than_the_limit_of_ids_of_a_kind() -> None:
    """A kiosk's thousand anonymous ids do not all become one person's."""
    people = People(per_lead=5)
    for number in range(8):
        people.see((USER, "u"), (ANONYMOUS, f"a{number}"))
    lead = people.graph.leads[people.owner(USER, "u")]
    assert len(lead.keys[ANONYMOUS]) == 5


def test_ids_of_leads_derive_from_secret_and_offset_alone() -> None:
    """A replay founds the same leads; nothing of the person is in the id."""
    again = [People().see((EMAIL, "e"))[0].lead_id for _ in range(2)]
    assert again[0] == again[1]
    assert People().see((ANONYMOUS, "z"))[0].lead_id == again[0]


_IDS = st.lists(
    st.tuples(st.sampled_from([USER, EMAIL, ANONYMOUS]), st.sampled_from("abcd")),
    min_size=1,
    max_size=3,
    unique=True,
)


@given(st.lists(_IDS, max_size=25))
def test_every_identifier_has_one_owner_that_stands(
    told: list[list[tuple[IdentifierKind, str]]],
) -> None:
    """Laws of the graph: owners are never absorbed leads, limits hold, keys and owners agree."""
    people = People(per_lead=2)
    for ids in told:
        people.see(*ids)
    graph = people.graph
    for key, lead_id in graph.owner.items():
        lead = graph.leads[lead_id]
        assert lead.merged_into is None
        assert any(key in keys for keys in lead.keys.values())
    for lead in graph.leads.values():
        assert len(lead.keys.get(USER, ())) <= 1
        assert all(len(keys) <= 2 for keys in lead.keys.values())
        assert sum(len(keys) for keys in lead.keys.values()) == sum(
            1 for owner in graph.owner.values() if owner == lead.lead_id
        )


def settle(accounts: Accounts, lead: Lead, **told: object) -> None:
    accounts.settle(event(accounts_offset(accounts), **told), lead)


def accounts_offset(accounts: Accounts) -> int:
    return len(accounts.moves) + len(accounts.founded) + 1


def lead(name: str) -> Lead:
    return Lead(name, founded_offset=1, created_at=1, data_key=b"")


def test_a_company_is_one_whether_group_call_or_email_came_first() -> None:
    """The visitor with a work email joins the account that the CRM already named."""
    for first, second in (("group", "mail"), ("mail", "group")):
        accounts = Accounts(SECRET)
        people = {"group": lead("a"), "mail": lead("b")}
        told = {
            "group": {"group_id": "g", "company": {"domain": "www.acme.com"}},
            "mail": {"email": "vp@acme.com"},
        }
        for which in (first, second):
            settle(accounts, people[which], **told[which])
        assert people["group"].account_id == people["mail"].account_id is not None


def test_free_mail_names_no_company() -> None:
    """Else all of a mail provider's users were colleagues."""
    accounts, person = Accounts(SECRET), lead("a")
    settle(accounts, person, email="someone@gmail.com")
    assert person.account_id is None


def test_a_group_call_is_a_stronger_word_than_a_domain() -> None:
    """Also across a merge: the account that was named stands, not the one that was deduced."""
    accounts, by_mail, by_group = Accounts(SECRET), lead("a"), lead("b")
    settle(accounts, by_mail, email="vp@sister.com")
    settle(accounts, by_group, group_id="g")
    named = by_group.account_id
    assert by_mail.account_id != named
    assert accounts.inherit(by_mail, by_group) == named
