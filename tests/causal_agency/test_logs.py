import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Gate, as_bystander
from causal_agency.logs import AUTHORS, history
from causal_agency.testing import histories


@given(histories(), st.sampled_from([("agent", "world"), ("do", "see"), (1, 0), ("1", "0"), (Gate.AGENT, Gate.WORLD)]))
def test_a_history_survives_its_log(past, names):
    authors = [names[0] if slot.gate else names[1] for slot in past]
    assert history(zip(authors, [slot.symbol for slot in past])) == past


def test_authors_of_your_own():
    authors = {"assistant": Gate.AGENT, "user": Gate.WORLD, "tool": Gate.WORLD}
    assert history([["tool", "A"], ["user", "B"]], authors) == as_bystander(history([("agent", "A"), ("agent", "B")]))
    with pytest.raises(
        ValueError, match=r"^row 1: unknown author 'agent': the authors are 'assistant', 'user', 'tool'$"
    ):
        history([("agent", "A")], authors)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("bot", "A"), "unknown author 'bot': the authors are 'agent'"),
        ((True, "A"), "unknown author True"),
        ((np.True_, "A"), "unknown author np.True_"),
        ((None, "A"), "unknown author None"),
        ((["agent"], "A"), r"unknown author \['agent'\]"),
        (("agent", None), "the symbol is missing"),
        (("agent", float("nan")), "the symbol is missing"),
        (("agent", ["A"]), r"\['A'\] cannot be a symbol: it cannot be hashed"),
        (("agent", "A", 3), r"\('agent', 'A', 3\) is not a pair of author and symbol"),
        ("do", "'do' is not a pair"),
        (3, "3 is not a pair"),
    ],
)
def test_a_bad_row_is_named(row, problem):
    with pytest.raises(ValueError, match=f"^row 2: {problem}") as caught:
        history([("agent", "A"), row])
    assert "\n" not in str(caught.value)


def test_authors_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        AUTHORS["bot"] = Gate.AGENT
