import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import (
    Gate,
    Hypothesis,
    L_do,
    Mixture,
    UnknownToken,
    as_bystander,
    bystander,
    channels,
    dirichlet,
    do,
    memoryless,
    see,
)
from causal_agency.history import symbols
from causal_agency.testing import check_laws, histories

ALPHAS = st.sampled_from([1, Fraction(1, 2), Fraction(3)])
MEMORIES = st.integers(0, 3)


def by_counting(alpha, tokens, memory, token, history):
    """The formula, from the definition: count the world's tokens that came after the same last symbols."""
    past = [slot.symbol for slot in history]
    context = past[len(past) - memory :] if len(past) >= memory else past
    same = [z for i, (z, gate) in enumerate(history)
            if gate == Gate.WORLD and z in tokens and past[max(0, i - memory) : i] == context]  # fmt: skip
    return Fraction(same.count(token) + alpha) / (len(same) + alpha * len(tokens))


@given(ALPHAS, MEMORIES, histories("ABC", max_size=12))
def test_it_counts_what_the_world_wrote(alpha, memory, history):
    """C is written too, but not one of its tokens."""
    nu = dirichlet(alpha, "AB", memory)
    probs = {token: nu(token, symbols(history)) for token in "AB"}
    assert probs == {token: by_counting(alpha, "AB", memory, token, history) for token in "AB"}
    assert sum(probs.values()) == 1
    assert all(isinstance(prob, Fraction) for prob in probs.values())


@given(ALPHAS, MEMORIES, histories("ABC", max_size=12))
def test_a_bystander_counts_everyones(alpha, memory, history):
    nu = bystander(dirichlet(alpha, "AB", memory))
    for token in "AB":
        everyones = by_counting(alpha, "AB", memory, token, as_bystander(history))
        assert nu(token, symbols(history)) == nu(token, tuple(symbols(history))) == everyones
        assert dirichlet(alpha, "AB", memory)(token, symbols(as_bystander(history))) == everyones


@given(MEMORIES, histories("AB", max_size=12))
def test_a_mixture_gives_it_the_authors(memory, history):
    """Slot by slot, in a belief, and for a bystander."""
    nu = dirichlet(1, "AB", memory)
    p, naive = Hypothesis("p", nu), Hypothesis("naive", bystander(nu))
    expected = Fraction(1)
    for i, (z, gate) in enumerate(history):
        expected *= by_counting(1, "AB", memory, z, history[:i]) if gate == Gate.WORLD else 1
    assert L_do(p, history) == expected
    mix = Mixture({p: Fraction(1, 2), naive: Fraction(1, 2)})
    w = mix.posterior(history)
    assert w[p] * (L_do(p, history) + L_do(naive, history)) == L_do(p, history)
    assert L_do(naive, history) == prod_of_bystander(memory, history)
    seen = mix.posterior(as_bystander(history))
    assert seen[p] == seen[naive] == Fraction(1, 2)


def prod_of_bystander(memory, history):
    product, watched = Fraction(1), as_bystander(history)
    for i, (z, gate) in enumerate(history):
        product *= by_counting(1, "AB", memory, z, watched[:i]) if gate == Gate.WORLD else 1
    return product


def test_fifty_symbols_of_its_own():
    """w never moves, and the naive kernel comes to predict what the agent wrote all the same."""
    half = Fraction(1, 2)
    learner, naive = dirichlet(half, "AB"), bystander(dirichlet(half, "AB"))
    history = [do("A")] * 50
    for nu, expected in ((learner, half), (naive, Fraction(101, 102))):
        p, q = Hypothesis("p", nu), Hypothesis("q", memoryless(A=half, B=half))
        mix = Mixture({p: half, q: half})
        assert mix.posterior(history) == mix.prior
        assert mix.predict("A", history) == (expected + half) / 2


def test_with_memory_it_learns_how_the_world_answers():
    nu = dirichlet(0.5, ("won", "lost"), memory=1)
    history = [do("left"), see("won"), do("right"), see("lost")] * 10
    assert nu("won", symbols([*history, do("left")])) == 10.5 / 11
    assert nu("won", symbols([*history, do("right")])) == 0.5 / 11


def test_as_a_channel_it_counts_its_own_tokens():
    """Actions that the world demonstrates are not in the counts of outcomes."""
    p = Hypothesis("p", channels(("go",), memoryless(go=1), dirichlet(1, ("ok", "no"))))
    history = [see("go"), see("ok"), see("go"), see("ok")]
    assert L_do(p, history) == Fraction(1, 2) * Fraction(2, 3)


@pytest.mark.parametrize("memory", [0, 1, 2])
def test_it_obeys_the_laws(memory):
    check_laws(dirichlet(1, "AB", memory), "AB")
    check_laws(bystander(dirichlet(0.5, "AB", memory)), "AB")


def test_a_tuple_does_not_say_who_wrote_it():
    nu = dirichlet(0.5, "AB")
    assert nu("A", ()) == 0.5
    with pytest.raises(TypeError, match=r"^a tuple does not say who wrote it: pass causal_agency.history.symbols"):
        nu("A", ("A",))


def test_unknown_tokens_are_named():
    with pytest.raises(UnknownToken, match=r"^unknown token 'C': the kernel knows 'A', 'B'$"):
        dirichlet(1, "AB")("C", ())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((0, "AB"), "alpha must be positive, but is 0"),
        ((-0.5, "AB"), "alpha must be positive, but is -0.5"),
        ((float("nan"), "AB"), "alpha must be positive, but is nan"),
        ((float("inf"), "AB"), "alpha must be positive, but is inf"),
        ((1, ""), "there are no tokens"),
        ((1, "AB", -1), "memory must be a number of symbols, but is -1"),
    ],
)
def test_bad_arguments_are_named(arguments, problem):
    with pytest.raises(ValueError, match=f"^{problem}"):
        dirichlet(*arguments)


def test_what_it_carries():
    nu = dirichlet(1, "ABA", 1)
    assert (nu.tokens, nu.memory, nu.alpha) == (("A", "B"), 1, 1)
    assert Hypothesis("p", nu).order is None
    assert Hypothesis("p", bystander(nu)).tokens == ("A", "B")
    assert Hypothesis("p", bystander(memoryless(A=1))).order == 0
    assert Hypothesis("p", bystander(lambda token, past: 1.0)).tokens == ()
    assert nu == dirichlet(1, "AB", 1) != dirichlet(1, "AB")


def test_it_is_pickled():
    p = Hypothesis("p", bystander(dirichlet(1, "AB")))
    again = pickle.loads(pickle.dumps(p))
    assert again == p
    assert L_do(again, [do("A"), see("A")]) == Fraction(2, 3)
