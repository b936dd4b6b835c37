import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from causal_agency import Gate, UnknownToken, channels, dirichlet, do, markov, memoryless, see
from causal_agency._laws import LAWS, _WorldAlone
from causal_agency.history import slots, symbols
from causal_agency.testing import (
    _check,
    check_laws,
    distributions,
    gates,
    histories,
    kernels,
    markov_kernels,
    memoryless_kernels,
    mixtures,
    whole_past_kernels,
)  # fmt: skip

KINDS = [memoryless_kernels, markov_kernels, whole_past_kernels, kernels]


@given(distributions("xy"), distributions("xy", smallest=1))
def test_distributions_are_exact_and_positive_on_request(some, positive):
    for probs in (some, positive):
        assert list(probs) == ["x", "y"]
        assert sum(probs.values()) == 1
        assert all(isinstance(prob, Fraction) for prob in probs.values())
    assert all(positive.values())


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), history=histories("xy"))
def test_kernels_are_distributions_after_any_past(kind, data, history):
    smallest = data.draw(st.sampled_from([0, 1]))
    nu = data.draw(kind("xy", smallest=smallest))
    probs = [nu(token, symbols(history)) for token in "xy"]
    assert sum(probs) == 1
    assert nu("x", symbols(history)) == probs[0]
    assert all(probs) or not smallest


@given(st.data(), st.sampled_from(["xy", "abcd"]), st.sampled_from([0, 1]))
def test_mixtures_have_the_tokens_and_the_smallest_probability_asked_for(data, tokens, smallest):
    mix = data.draw(mixtures(tokens=tokens, smallest=smallest))
    assert all(p.tokens == tuple(tokens) for p in mix.prior)
    probs = [p.nu(token, ()) for p in mix.prior for token in tokens]
    assert sum(probs) == len(mix.prior)
    assert not smallest or all(probs)
    own = data.draw(mixtures(kernels=st.just(lambda token, past: 0.5), tokens=tokens))
    assert all(p.tokens == tuple(tokens) and p.nu("?", ()) == 0.5 for p in own.prior)


@pytest.mark.parametrize("strategy", [mixtures, kernels, memoryless_kernels, markov_kernels, whole_past_kernels])
def test_by_default_some_probabilities_are_zero(strategy):
    def has_a_zero(found):
        some = [p.nu for p in found.prior] if strategy is mixtures else [found]
        return any(nu("A", ()) == 0 for nu in some)

    assert find(strategy(), has_a_zero, settings=settings(database=None))


def test_kernels_of_the_whole_past_vary():
    def of_seed(nu):
        return tuple(nu("A", ("A",) * i) for i in range(8))

    seen = set()

    @given(st.data())
    def collect(data):
        seen.add(of_seed(data.draw(whole_past_kernels("AB"))))

    collect()
    assert len(seen) > 40


@given(mixtures(kernels=st.just(memoryless(x=1)), tokens="x"))
def test_mixtures_take_any_kernels(mix):
    assert 2 <= len(mix.prior) <= 4
    for p in mix.prior:
        assert p.nu == memoryless(x=1)
        assert p.tokens == ("x",)


@given(mixtures(smallest=1))
def test_smallest_1_excludes_zeros(mix):
    assert all(mix.prior.values())
    assert all(p.nu(token, ()) for p in mix.prior for token in p.tokens)


@given(histories("xy", min_size=1, max_size=3), gates())
def test_histories_are_histories(history, gate):
    assert slots(history) == history
    assert 1 <= len(history) <= 3
    assert set(symbols(history)) <= {"x", "y"}
    assert isinstance(gate, Gate)


@given(mixtures(kernels=st.just(lambda token, past: 0.5), tokens="xy"))
def test_kernels_that_list_no_tokens_get_those_given(mix):
    assert all(p.tokens == ("x", "y") for p in mix.prior)


@given(mixtures(kernels=memoryless_kernels("xy")))
def test_kernels_that_list_their_tokens_keep_them(mix):
    assert all(p.tokens == ("x", "y") for p in mix.prior)


@given(whole_past_kernels("xy"))
def test_a_string_of_two_tokens_is_not_a_token(nu):
    with pytest.raises(UnknownToken, match=r"^unknown token 'xy': the kernel knows 'x', 'y'$"):
        nu("xy", ())


def test_the_lengths_of_histories():
    lengths = {kind: set() for kind in ("default", "some", "many")}

    @given(st.data())
    def collect(data):
        lengths["default"].add(len(data.draw(histories("xy"))))
        lengths["some"].add(len(data.draw(histories("xy", min_size=2, max_size=3))))
        lengths["many"].add(len(data.draw(histories("xy", min_size=3, max_size=9))))

    collect()
    assert lengths["default"] == set(range(7))
    assert lengths["some"] == {2, 3}
    assert min(lengths["many"]) == 3
    assert max(lengths["many"]) == 9


def test_both_authors_write_every_symbol():
    seen = set()

    @given(histories("xy"))
    def collect(history):
        seen.update(history)

    collect()
    assert {(slot.symbol, slot.gate) for slot in seen} == {(s, g) for s in "xy" for g in Gate}


HALF = {"A": 0.5, "B": 0.5}


@pytest.mark.parametrize(
    "kernel",
    [
        memoryless(HALF),
        memoryless(A=0, B=1),
        markov(HALF, {"A": {"A": 0.1, "B": 0.9}, "B": {"A": 0.7, "B": 0.3}}),
        channels(("A", "B"), memoryless(HALF), memoryless(C=1)),
        lambda token, past: Fraction(past.count(token) + 1, len(past) + 2),
        lambda token, past: Fraction(past.world.count(token) + 1, len(past.world) + 2),
        lambda token, past: 0.9 if (token == "A") == (1 in past.gates) else 0.1,
        lambda token, past: np.float32(0.7) if token == "A" else np.float32(0.3),
        lambda token, past: 1.0 + 1e-15 if token == "A" else 0,
    ],
)
def test_good_kernels_obey_the_laws(kernel):
    check_laws(kernel, "AB")


HOSTILE = None, True, "", "é", "e\u0301", ("\0",)
OTHERS = *HOSTILE[1:], HOSTILE[0]
EVEN = dict.fromkeys(HOSTILE, Fraction(1, 6))


@pytest.mark.parametrize(
    "kernel",
    [
        memoryless(EVEN),
        markov(EVEN, {symbol: EVEN | {symbol: Fraction(2, 6), other: 0} for symbol, other in zip(HOSTILE, OTHERS)}),
        lambda token, past: Fraction(past.count(token) + 1, len(past) + 6),
        lambda token, past: Fraction(past.world.count(token) + 1, len(past.world) + 6),
    ],
)
def test_hostile_symbols_obey_the_laws(kernel):
    """Nothing is normalized, and nothing is taken for another that is not equal to it."""
    check_laws(kernel, HOSTILE)


@pytest.mark.parametrize("nu", [(1.0, 1e-160, 1e-320), (0.5, 0.5, 5e-324), (1e-310, 1e-155, 1.0)])
def test_magnitudes_obey_the_laws(nu):
    check_laws(memoryless(dict(zip("ABC", nu, strict=True))), "ABC")


@given(kernels("xy"))
@settings(max_examples=5, suppress_health_check=[HealthCheck.nested_given])
def test_the_librarys_own_kernels_obey_the_laws(kernel):
    check_laws(kernel, "xy")


def long_memory(kernel):
    """Make a kernel look at the first symbol, where the library passes only the last to it."""

    class Longer(type(kernel)):
        def __call__(self, token, past):
            return 0.9 if (token == "A") == (past[:1] == ("A",)) else 0.1

    return Longer(kernel.first, kernel.then)


def reads_more_than_it_says(token, past):
    """Ask for the world's past, and use the agent's if it is there."""
    return 0.9 if (token == "A") == (1 in getattr(past, "gates", past.world)) else 0.1


def test_the_shortest_history_that_breaks_a_law_is_named():
    with pytest.raises(AssertionError, match=r"^a kernel .*: \[do\('A'\)\] gives .* but without the agent's slots"):
        check_laws(reads_more_than_it_says, "AB")


@pytest.mark.parametrize(
    ("kernel", "law"),
    [
        (lambda token, past: 0.5 if past != ("A", "A") else 0.6, r"probabilities must sum to one: after \('A', 'A'\)"),
        (
            lambda token, past: 1.5 if token == "A" else -0.5,
            r"probabilities must be in \[0, 1\]: 'A' after \(\) has 1.5",
        ),
        (lambda token, past: Fraction(1, 2) + Fraction(1, 10**9), "probabilities must sum to one"),
        (lambda token, past: float("nan"), r"probabilities must be in \[0, 1\]: 'A' after \(\) has nan"),
        (
            long_memory(markov(HALF, dict.fromkeys("AB", HALF))),
            r"a kernel of order 1 must not look further back: after",
        ),
        (reads_more_than_it_says, "a kernel that reads the world's past alone must be moved by nothing"),
    ],
)
def test_broken_kernels_break_a_law(kernel, law):
    with pytest.raises(AssertionError, match=f"^{law}"):
        check_laws(kernel, "AB")


class WearsOut:
    """A kernel that is right for a number of calls and then answers at random."""

    def __init__(self, limit):
        self.calls, self.limit, self.rng = 0, limit, random.Random(0)

    def __call__(self, token, past):
        self.calls += 1
        return 0.5 if self.calls <= self.limit else self.rng.choice([0.25, 0.75])


@pytest.mark.parametrize(
    ("i", "message"),
    [
        (0, "probabilities must sum to one"),
        (1, "the same past must give the same answer"),
        (2, "a kernel of order None must not look further back"),
        (3, r"an action must leave the posterior as it is: do\('[AB]'\) after \[.*\] turns \{.*\} into \{"),
        (4, r"an observation must multiply by the kernel: see\('[AB]'\) after \[.*\] turns \{.*\} into \{"),
        (5, "predictions must multiply to the evidence"),
        (6, "posteriors must average to the posterior before"),
        (7, r"L_obs\(p, h\) must equal L_do\(p, as_bystander\(h\)\)"),
        (8, "a kernel that reads the world's past alone must be moved by nothing that the agent does"),
        (9, "seeing differs from doing by a covariance"),
        (10, "a hypothesis split in two must have the same weight"),
    ],
)
def test_every_law_can_fail(i, message):
    """A kernel that wears out after the laws before: the first law broken is the one that is reported."""
    good = WearsOut(limit=10**9)
    for law in LAWS[:i]:
        _check(law, good, ("A", "B"))
    with pytest.raises(AssertionError, match=f"^{message}"):
        check_laws(WearsOut(good.calls), "AB")


def test_the_errors_of_a_kernel_pass_through():
    with pytest.raises(UnknownToken, match="unknown token 'B'"):
        check_laws(memoryless(A=1), "AB")


def test_the_law_of_the_worlds_past_applies_to_what_learns_from_it():
    past = symbols([see("A"), do("B")])
    assert dirichlet(0.5, "AB")("A", _WorldAlone(past.world)) == 0.75
    with pytest.raises(AttributeError, match=r"^this past has nothing but world$"):
        bool(_WorldAlone(past.world))
