"""Routes are asked in order: one that never has its turn, or leads nowhere, is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from review_bench import FILES, asked, found

from core.errors import DefinitionError
from rules import check_catalog, review

Edit = Callable[[str, str, str], dict[str, str]]

TABLE = "id,text,owner,destinations,respond_within,region,seniority,pricing_views_7d,from,until\n"


@pytest.mark.parametrize(
    ("above", "below", "shadowed"),
    [
        ("DE,,,,", "DE,vp,,,", True),
        ("DE; AT,,,,", "AT,,,,", True),
        (",,>= 3,,", "DE,,5..9,,", True),
        ("not US,,,,", "DE; AT,,,,", True),
        ("known,,,,", "DE,,,,", True),
        ("DE,,,,", "DE; AT,,,,", False),
        ("DE,vp,,,", "DE,,,,", False),
        (",,>= 3,,", ",,>= 2,,", False),
        ("not US,,,,", "missing,,,,", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,,", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,2026-01-05,2026-02-02", False),
        ("DE,,,2026-01-06,2026-02-01", "DE,vp,,2026-01-05,2026-02-01", False),
        ("DE,,,2026-01-01,2026-02-01", "DE,vp,,2026-01-05,2026-02-01", True),
    ],
)
def test_a_route_in_the_shadow_of_another_is_a_problem(
    above: str, below: str, shadowed: bool
) -> None:
    """First match: it would never have its turn, whatever its examples say."""
    rows = "".join(f"{name},t,rep,console,1h,{row}\n" for name, row in (("a", above), ("b", below)))
    told, _ = found({**FILES, "routing.csv": TABLE + rows})
    expected = "routing.csv:3: `b` never has its turn: `a` (routing.csv:2) holds wherever it does"
    assert told == ([expected] if shadowed else [])


UK, HIGH = "{fact: region, op: is, value: UK}", "{segment: high_value}"


@pytest.mark.parametrize(
    ("condition", "shadowed"),
    [
        (asked("region is US", "employee_band is 2000+"), True),
        (asked("region is US", "seniority is c_suite"), True),
        (asked("region is US", "employee_band is 200-499"), False),
        (asked("region is US", "seniority is vp"), False),
        (asked("employee_band is 2000+"), False),
    ],
)
def test_a_choice_hides_what_reads_one_of_its_facts(
    edit: Edit, condition: str, shadowed: bool
) -> None:
    """`enterprise_us` asks for 2000+ people or for the C-suite, by way of a segment."""
    two = f"all:\n        - {UK}\n        - {HIGH}\n"
    files = edit("routing.yaml", f"when:\n      {two}", f"when: {condition}\n")
    told, _ = found(files)
    hidden = "`enterprise_uk` never has its turn: `enterprise_us`"
    assert [hidden in one for one in told] == ([True] if shadowed else [])


def test_many_routes_are_looked_at_as_far_as_time_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the author hears where it ended."""
    monkeypatch.setattr(review, "MOST_PAIRS", 100)
    rows = "".join(f"r{at},t,rep,console,1h,C{at},vp,>= 3,,\n" for at in range(30))
    told, warned = found({**FILES, "routing.csv": TABLE + rows})
    assert told == []
    assert len(warned) == 1
    assert "were looked at for shadows" in warned[0]


def test_a_route_to_a_kind_that_there_is_not_is_refused(edit: Edit) -> None:
    """A slip there is found when a hot lead's signal never arrives; the last resort's as well."""
    files = edit("routing.yaml", '"slack:#hot-leads"', '"slakc:#hot-leads"')
    head, mark, tail = files["routing.yaml"].partition("\ndefault:")
    files["routing.yaml"] = head + mark + tail.replace('"webhook:crm"', '"pager:crm"')
    assert found(files)[0] == [
        (
            f"routing.yaml:{_line(files, 'enterprise_us')}: `enterprise_us` sends to"
            " `slakc:#hot-leads`: there is no kind `slakc`; did you mean `slack`?"
        ),
        (
            f"routing.yaml:{_line(files, 'everyone_else')}: `everyone_else` sends to `pager:crm`:"
            " there is no kind `pager`; there are console, slack, webhook"
        ),
    ]
    with pytest.raises(DefinitionError) as wrong:
        check_catalog({**files, "segments.yaml": "["})
    assert sum("no kind" in one.message for one in wrong.value.problems) == 2


def _line(files: dict[str, str], name: str) -> int:
    return files["routing.yaml"].split(f"id: {name}")[0].count("\n") + 1
