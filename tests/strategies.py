"""Random mixtures and histories in exact rationals."""

import random
from fractions import Fraction

from hypothesis import strategies as st

from causal_agency import Hypothesis, Mixture, do, markov, memoryless, see

TOKENS = "ABC"


@st.composite
def distributions(draw, keys, smallest=0):
    """Probabilities over ``keys`` with small denominators; zeros happen unless ``smallest`` is positive."""
    counts = draw(st.lists(st.integers(smallest, 5), min_size=len(keys), max_size=len(keys)).filter(any))
    return {key: Fraction(count, sum(counts)) for key, count in zip(keys, counts, strict=True)}


def whole_past(seed: int, smallest: int):
    """A kernel that looks at everything: its probabilities are drawn anew for every past."""

    def nu(token, past):
        rng = random.Random(f"{seed}{past}")
        counts = [rng.randint(smallest, 5) for _ in TOKENS]
        return Fraction(counts[TOKENS.index(token)], sum(counts)) if any(counts) else Fraction(1, len(TOKENS))

    return nu


@st.composite
def kernels(draw, smallest=0):
    """Memoryless, Markov, or dependent on the whole past."""
    rows = distributions(TOKENS, smallest)
    kind = draw(st.sampled_from(["memoryless", "markov", "whole past"]))
    if kind == "memoryless":
        return memoryless(draw(rows))
    if kind == "markov":
        return markov(draw(rows), {token: draw(rows) for token in TOKENS})
    return whole_past(draw(st.integers(0, 10**6)), smallest)


@st.composite
def mixtures(draw, smallest=0):
    """Two to four hypotheses. With ``smallest`` = 1 nothing is impossible."""
    names = [f"p{i}" for i in range(draw(st.integers(2, 4)))]
    prior = draw(distributions(names, smallest))
    return Mixture({Hypothesis(name, draw(kernels(smallest)), tuple(TOKENS)): w for name, w in prior.items()})


slots = st.builds(lambda write, token: write(token), st.sampled_from([do, see]), st.sampled_from(TOKENS))
histories = st.lists(slots, max_size=6).map(tuple)
