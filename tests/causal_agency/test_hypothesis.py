import pytest

from causal_agency import Hypothesis, markov, memoryless


def test_a_hypothesis_prints_its_name_and_lists_its_tokens():
    p = Hypothesis("p_A", memoryless(A=0.9, B=0.1))
    assert repr(p) == "p_A"
    assert p.tokens == ("A", "B")
    assert p.nu("A", ()) == p.nu("A", ("B", "B")) == 0.9


@pytest.mark.parametrize("name", [3, None, b"p", ("p",)])
def test_a_name_must_be_a_string(name):
    with pytest.raises(TypeError, match=r"^a hypothesis is called .*, which is not a string: write "):
        Hypothesis(name, memoryless(A=1.0))


def test_a_kernel_must_be_a_function():
    with pytest.raises(TypeError, match="not a function"):
        Hypothesis("p", {"A": 1.0})


def test_hypotheses_with_the_same_name_and_kernel_are_equal():
    first, again = (Hypothesis("p", memoryless(A=0.5, B=0.5)) for _ in range(2))
    assert {first: 1}[again] == 1
    assert first != Hypothesis("p", memoryless(A=0.4, B=0.6))


def test_the_order_of_a_kernel():
    half = {"A": 0.5, "B": 0.5}
    assert Hypothesis("p", memoryless(half)).order == 0
    assert Hypothesis("p", markov(half, {"A": half, "B": half})).order == 1
    assert Hypothesis("p", lambda token, past: 0.5).order is None
