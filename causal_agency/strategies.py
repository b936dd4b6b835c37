"""Hypothesis strategies for priors, kernels, histories and mixtures, in exact rationals.

For property tests of one's own kernels; needs the package ``hypothesis``, and nothing else of this project needs it::

    @given(mixtures(kernels=my_kernels(), tokens="AB"), histories("AB"))
    def test_do_moves_nothing(mix, history): ...
"""

import random
from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol
from causal_agency.hypothesis import Hypothesis, Kernel, UnknownToken, markov, memoryless
from causal_agency.mixture import Mixture

TOKENS = "ABC"


@st.composite
def distributions(draw, keys: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> dict[Symbol, Fraction]:
    """Probabilities over ``keys`` with small denominators; none is zero if ``smallest`` is 1."""
    counts = draw(st.lists(st.integers(smallest, 5), min_size=len(keys), max_size=len(keys)).filter(any))
    return {key: Fraction(count, sum(counts)) for key, count in zip(keys, counts)}


def memoryless_kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Kernels that forget the past."""
    return distributions(tokens, smallest=smallest).map(memoryless)


@st.composite
def markov_kernels(draw, tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> Kernel:
    """Kernels that look one symbol back."""
    rows = distributions(tokens, smallest=smallest)
    return markov(draw(rows), {token: draw(rows) for token in tokens})


def whole_past(seed: int, tokens: Sequence[Symbol], smallest: int) -> Kernel:
    """A kernel that looks at everything: its probabilities are drawn anew for every past."""

    tokens = tuple(tokens)

    def nu(token: Symbol, past: tuple[Symbol, ...]) -> Fraction:
        if token not in tokens:
            raise UnknownToken(f"unknown token {token!r}: the kernel knows {', '.join(map(repr, tokens))}")
        rng = random.Random(f"{seed}{past}")
        counts = [rng.randint(smallest, 5) for _ in tokens]
        counts = counts if any(counts) else [1 for _ in tokens]
        return Fraction(counts[tokens.index(token)], sum(counts))

    return nu


def whole_past_kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Kernels whose probabilities depend on every symbol before."""
    return st.integers().map(lambda seed: whole_past(seed, tokens, smallest))


def kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Memoryless, Markov, or dependent on the whole past."""
    kinds = memoryless_kernels, markov_kernels, whole_past_kernels
    return st.one_of(*(kind(tokens, smallest=smallest) for kind in kinds))


def mixtures(
    *, kernels: SearchStrategy[Kernel] | None = None, tokens: Sequence[Symbol] = TOKENS, smallest: int = 0
) -> SearchStrategy[Mixture]:
    """Two to four hypotheses, by default with `kernels` of every kind over ``tokens``.

    With ``smallest`` = 1 nothing is impossible. Kernels of one's own that bring a list of tokens with them keep it;
    ``tokens`` are for those that do not.
    """
    return _mixtures(_kernels(tokens, smallest=smallest) if kernels is None else kernels, tuple(tokens), smallest)


@st.composite
def _mixtures(draw, kernels: SearchStrategy[Kernel], tokens: tuple[Symbol, ...], smallest: int) -> Mixture:
    names = [f"p{i}" for i in range(draw(st.integers(2, 4)))]
    prior = draw(distributions(names, smallest=smallest))
    return Mixture({Hypothesis(name, nu, getattr(nu, "tokens", tokens)): w
                    for (name, w), nu in ((item, draw(kernels)) for item in prior.items())})  # fmt: skip


_kernels = kernels  # `mixtures` has an argument of that name


def gates() -> SearchStrategy[Gate]:
    """Who writes."""
    return st.sampled_from(Gate)


def histories(
    tokens: Sequence[Symbol] = TOKENS, *, min_size: int = 0, max_size: int = 6
) -> SearchStrategy[tuple[Slot, ...]]:
    """Tuples of slots, in which agent and world write any of ``tokens``."""
    slots = st.builds(Slot, st.sampled_from(tokens), gates())
    return st.lists(slots, min_size=min_size, max_size=max_size).map(tuple)
