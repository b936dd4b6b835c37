import pickle
from fractions import Fraction

import pytest

from causal_agency import Hypothesis, UnknownToken, channels, markov, memoryless
from causal_agency.kernel import longest_order


def test_memoryless_takes_any_symbol():
    assert memoryless({0: 0.25, ("x", 1): 0.75})(0, ()) == 0.25


def test_markov_looks_one_symbol_back():
    half, row = Fraction(1, 2), {"A": Fraction(1, 3), "B": Fraction(2, 3)}
    nu = markov({"A": half, "B": half}, {"A": row, "B": {"A": 1, "B": 0}})
    assert nu("B", ()) == half
    assert nu("B", ("B", "A")) == Fraction(2, 3)
    assert nu("A", ("A", "B")) == 1
    assert nu.tokens == ("A", "B")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: memoryless(), "^the kernel is empty$"),
        (lambda: memoryless(A=0.5, B=0.6), "sums to 1.1, not to 1"),
        (lambda: memoryless(A=Fraction(1, 3), B=Fraction(2, 3) + Fraction(1, 10**12)), "not to 1"),
        (lambda: memoryless(A=1.5, B=-0.5), "gives 'B' the probability -0.5"),
        (lambda: memoryless(A=float("nan"), B=1.0), "gives 'A' the probability nan"),
        (lambda: memoryless(A=float("inf")), "probability inf"),
        (lambda: markov({"A": 1.0}, {"A": {"A": 0.5}}), "^the kernel after 'A' sums to 0.5, not to 1$"),
        (lambda: markov({"A": 0.5}, {"A": {"A": 1.0}}), "^the kernel for the first symbol sums to 0.5, not to 1$"),
        (lambda: markov({"A": 1.0}, {"B": {"A": 1.0}}), r"then knows \['B'\]"),
        (lambda: markov({"A": 1.0}, {"A": {"B": 1.0}}), r"then\['A'\] knows \['B'\]"),
    ],
)
def test_only_distributions_are_accepted(make, problem):
    with pytest.raises(ValueError, match=problem):
        make()


def test_unknown_tokens_are_named_with_the_known_ones():
    with pytest.raises(UnknownToken, match="unknown token 'C': the kernel knows 'A', 'B'"):
        memoryless(A=0.5, B=0.5)("C", ())
    chain = markov({"A": 1.0}, {"A": {"A": 1.0}})
    with pytest.raises(UnknownToken, match=r"^unknown token 'C' in the past: the kernel knows 'A'$"):
        chain("A", ("C",))
    with pytest.raises(UnknownToken, match=r"^unknown token 'C': the kernel knows 'A'$"):
        chain("C", ("A",))


def test_a_chain_cannot_be_changed():
    chain = markov({"A": 1.0}, {"A": {"A": 1.0}})
    for table in (chain.first, chain.then, chain.then["A"]):
        with pytest.raises(TypeError, match=r"^a table is immutable: change a copy, dict\(table\)$"):
            table["A"] = 2.0
    assert chain("A", ("A",)) == 1.0
    assert {chain: 1}[pickle.loads(pickle.dumps(chain))] == 1


@pytest.mark.parametrize("actions", ["refund", b"refund"])
def test_a_single_string_is_not_a_list_of_actions(actions):
    with pytest.raises(TypeError, match=r"not a list of tokens: write \(b?'refund',\)$"):
        channels(actions, memoryless(refund=1.0), memoryless(ok=1.0))


def test_equal_tokens_are_one_token():
    """As in every dict: True is 1, None is a token, and forms of Unicode that look alike are not the same."""
    nu = memoryless({1: 0.5, None: 0.25, "é": 0.125, "e\u0301": 0.125})
    assert nu(True, ()) == nu(1.0, ()) == nu(1, ()) == 0.5
    assert nu(None, ()) == 0.25
    with pytest.raises(UnknownToken, match="unknown token 'É'"):
        nu("É", ())
    with pytest.raises(ValueError, match=r"^the kernel sums to 0.5, not to 1$"):
        memoryless(dict.fromkeys((True, 1), 0.5))
    assert memoryless(ﬁ=1.0)("fi", ()) == 1.0  # Python normalizes names
    with pytest.raises(UnknownToken):
        memoryless({"ﬁ": 1.0})("fi", ())


def test_channels_separate_actions_from_outcomes():
    action, world = (
        memoryless(go=0.9, stay=0.1),
        lambda token, past: 0.8 if (token == "ok") == (past[-1] == "go") else 0.2,
    )
    p = Hypothesis("p", channels(("go", "stay"), action, world))
    assert p.tokens == ("go", "stay")
    assert p.nu("go", ()) == 0.9
    assert p.nu("ok", ("go",)) == 0.8
    assert p.nu("ok", ("stay",)) == 0.2
    assert p.order is None


def test_channels_look_back_as_far_as_the_farther_one():
    half = {"A": 0.5, "B": 0.5}
    chain = markov(half, {"A": half, "B": half})
    assert channels(["A"], memoryless(half), memoryless(half)).order == 0
    assert channels(["A"], memoryless(half), chain).order == channels(["A"], chain, memoryless(half)).order == 1
    assert channels(["A"], memoryless(half), lambda token, past: 0.5).order is None
    assert Hypothesis("p", channels(["A"], chain, chain)).order == 1


def test_the_longest_order():
    half = {"A": 0.5, "B": 0.5}
    p, q = Hypothesis("p", memoryless(half)), Hypothesis("q", lambda token, past: 0.5, order=3)
    assert longest_order([p, p]) == 0
    assert longest_order([p, q]) == 3
    assert longest_order([p, q, lambda token, past: 0.5]) is None
