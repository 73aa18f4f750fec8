"""Ten thousand made-up score calls: none is answered otherwise than the document says.

`tests/serving/api/test_api_document.py` does the same with fewer of every route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from serving.http.tables import SCORES
from tests.serving.api.conftest import Rig

pytestmark = pytest.mark.proof

CASES = 2_500
"""Of each of the four routes."""
KNOWN = 20
# What no schema says: that a moment lies in the past, that an address is one of email.
BEYOND_A_SCHEMA = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """With leads of short ids; most that are made up are nobody's."""
    built = Rig(tmp_path_factory.mktemp("installation"))
    calls = [
        {"type": "identify", "userId": str(at), "traits": {"email": f"{at}@known.example"}}
        for at in range(KNOWN)
    ]
    assert built.client.post("/v1/batch", json={"batch": calls}).status_code == 200
    built.work()
    yield built
    built.close()


@pytest.fixture(scope="module")
def told() -> Counter[int]:
    """How often each status was answered."""
    return Counter()


@pytest.mark.parametrize("at", range(len(SCORES)), ids=[f"{r.method} {r.path}" for r in SCORES])
def test_no_score_call_is_answered_otherwise_than_the_document_says(
    rig: Rig, told: Counter[int], at: int, tell: Callable[[str], None]
) -> None:
    """Never a 5xx, never a status or shape of which a generated client would know nothing."""
    document = schemathesis.openapi.from_url(f"{rig.url}/docs.json")
    operation = document[SCORES[at].path][SCORES[at].method]
    requests = st.one_of(
        operation.as_strategy(),
        operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE),
    )

    @seed(at)
    @settings(
        max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=requests)
    def ask(case: Any) -> None:
        answer = case.call_and_validate(auth=(rig.secret_key, ""), excluded_checks=BEYOND_A_SCHEMA)
        told[answer.status_code] += 1
        assert answer.status_code < 500

    ask()
    tell(f"{told.total()} calls: {dict(sorted(told.items()))}")
