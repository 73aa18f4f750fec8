"""Who is in which arm: sticky, in the promised share, and independent of every other experiment."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.arms import CHALLENGER, CHAMPION, Arms, unit_of

SECRET = b"s" * 32
ACCOUNTS = [f"account-{number}" for number in range(20_000)]


def challengers(experiment: str, share: float, secret: bytes = SECRET) -> set[str]:
    arms = Arms(secret, experiment, share)
    return {one for one in ACCOUNTS if arms.place("any", one).arm == CHALLENGER}


def test_people_of_one_account_are_in_one_arm_and_others_are_drawn_by_themselves() -> None:
    """A seller who serves one company must not see two orders of its people."""
    arms = Arms(SECRET, "1", 0.5)
    places = {arms.place(f"lead-{number}", "acme") for number in range(100)}
    assert len(places) == 1
    alone = {arms.place(f"lead-{number}", None).arm for number in range(100)}
    assert alone == {CHAMPION, CHALLENGER}
    assert unit_of("l", None) != unit_of("x", "l")


@given(share=st.floats(0, 1), lead=st.text(max_size=20), account=st.none() | st.text(max_size=20))
def test_the_same_unit_always_has_the_same_place(
    share: float, lead: str, account: str | None
) -> None:
    """Nobody remembers it: every process draws it anew."""
    assert Arms(SECRET, "7", share).place(lead, account) == Arms(SECRET, "7", share).place(
        lead, account
    )


def test_the_challenger_gets_its_share() -> None:
    """Within three standard errors of 20,000 draws; none and all are exact."""
    for share in (0.01, 0.2, 0.5):
        error = (share * (1 - share) / len(ACCOUNTS)) ** 0.5
        assert abs(len(challengers("1", share)) / len(ACCOUNTS) - share) < 3 * error
    assert challengers("1", 0.0) == set()
    assert challengers("1", 1.0) == set(ACCOUNTS)


def test_a_larger_share_keeps_those_who_were_in() -> None:
    """Otherwise widening an experiment would swap people who were told something already."""
    assert challengers("1", 0.1) < challengers("1", 0.2) < challengers("1", 0.9)


def test_experiments_and_installations_draw_independently() -> None:
    """An account that was in the last challenger is in the next one no more often than others.

    Chi-square of independence in the 2 × 2 table; 10.8 is exceeded by chance once in a thousand.
    """
    first = challengers("1", 0.2)
    for second in (challengers("2", 0.2), challengers("1", 0.2, b"t" * 32)):
        total, both = len(ACCOUNTS), len(first & second)
        table = [
            [both, len(first) - both],
            [len(second) - both, total - len(first | second)],
        ]
        rows = [sum(row) for row in table]
        columns = [sum(column) for column in zip(*table, strict=True)]
        chi_square = sum(
            (table[i][j] - rows[i] * columns[j] / total) ** 2 / (rows[i] * columns[j] / total)
            for i in range(2)
            for j in range(2)
        )
        assert chi_square < 10.8
