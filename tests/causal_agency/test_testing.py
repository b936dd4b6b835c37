from fractions import Fraction

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from causal_agency import Gate, UnknownToken, memoryless
from causal_agency.history import slots, symbols
from causal_agency.testing import (
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
