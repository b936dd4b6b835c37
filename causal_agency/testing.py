"""Tests for your own kernels: `check_laws` in one call, and hypothesis strategies for property tests.

The strategies draw priors, kernels, histories and mixtures in exact rationals::

    @given(mixtures(kernels=my_kernels(), tokens="AB"), histories("AB"))
    def test_do_leaves_the_posterior(mix, history): ...
"""

import random
from collections.abc import Iterable, Sequence
from fractions import Fraction

from causal_agency._extras import optional_import
from causal_agency._laws import LAWS, Law
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, UnknownToken, markov, memoryless
from causal_agency.mixture import Mixture
from causal_agency.past import Past

with optional_import("causal_agency.testing", extra="testing"):
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = [
    "check_laws",
    "distributions",
    "gates",
    "histories",
    "kernels",
    "markov_kernels",
    "memoryless_kernels",
    "mixtures",
    "whole_past_kernels",
]

TOKENS = "ABC"
MAX_COUNT = 5  # of a token; a probability is its share of all counts


def check_laws(kernel: Kernel, tokens: Iterable[Symbol]) -> None:
    """Check that ``kernel`` obeys the laws that this library relies on, after random histories of up to six slots.

    1. Probabilities are in [0, 1] and sum to one over ``tokens`` after any past.
    2. The same past gives the same answer.
    3. A kernel with an ``order`` does not look further back.
    4. An action leaves the posterior as it is: w(· | h, do(a)) = w(· | h) (Eq. 2).
    5. An observation multiplies by the kernel: w(p | h, see(x)) ∝ w(p | h) ν_p(x | h) (Eq. 1).
    6. The predictions of what the world wrote multiply to the evidence, Σ_p w_0(p) L^do(p).
    7. Posteriors average to the posterior before: Σ_o π(o) w(· | o) = w.
    8. A bystander counts every factor: L^obs(p) = L^do(p) of the history with every γ_i = 0.
    9. A kernel that reads ``past.world`` alone is moved by nothing that the agent does. For others it does not apply.
    10. Seeing an action differs from doing it by a covariance: π(o | h, a) − π(o | h, do(a)) = Cov_w(ν(a), ν(o | a)) /
        E_w ν(a). Where the kernel looks at authors it does not apply.
    11. A hypothesis split in two has the same weight.

    Args:
        kernel: Any function of (token, past).
        tokens: All that the kernel can write.

    Raises:
        AssertionError: If a law does not hold; names the law, and a short history that breaks it.

    Example:
        >>> from causal_agency import memoryless
        >>> from causal_agency.testing import check_laws
        >>> check_laws(memoryless(A=0.2, B=0.8), "AB")
        >>> check_laws(lambda token, past: 0.9, "AB")
        Traceback (most recent call last):
          ...
        AssertionError: probabilities must sum to one: after () they sum to 1.8
    """
    for law in LAWS:
        _check(law, kernel, tuple(tokens))


def _check(law: Law, kernel: Kernel, tokens: tuple[Symbol, ...]) -> None:
    """Check one law; of several failures, report the one after the shortest history."""
    failures: list[AssertionError] = []

    @settings(deadline=None, database=None, derandomize=True, max_examples=50, suppress_health_check=list(HealthCheck),
              phases=(Phase.generate, Phase.shrink))  # fmt: skip
    @given(histories(tokens))
    def obey(history: tuple[Slot, ...]) -> None:
        try:
            law(kernel, tokens, history)
        except AssertionError as failure:
            failures.append(failure)
            raise

    try:
        obey()
    except Exception:  # a kernel whose answers vary makes the failure itself look flaky
        if not failures:
            raise
        raise AssertionError(*failures[-1].args) from None


def distributions(keys: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[dict[Symbol, Fraction]]:
    """Draw probabilities with small denominators, such as w_0 (section 3.1).

    Args:
        keys: What the probabilities are of.
        smallest: 1 excludes probabilities of zero.

    Returns:
        A strategy for dicts from ``keys`` to Fractions that sum to one.

    Example:
        >>> from hypothesis import given
        >>> @given(distributions("AB"))
        ... def check(probs):
        ...     assert sum(probs.values()) == 1
        >>> check()
    """
    counts = st.lists(st.integers(smallest, MAX_COUNT), min_size=len(keys), max_size=len(keys)).filter(any)
    return counts.map(lambda each: {key: Fraction(count, sum(each)) for key, count in zip(keys, each)})


def memoryless_kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Draw kernels ν_p (section 3.1) that ignore the past, as those of section 4 do.

    Args:
        tokens: All that they can write.
        smallest: 1 excludes probabilities of zero.

    Returns:
        A strategy for kernels.

    Example:
        >>> from hypothesis import given
        >>> @given(memoryless_kernels("AB"))
        ... def check(nu):
        ...     assert nu("A", ()) == nu("A", ("B", "B"))
        >>> check()
    """
    return distributions(tokens, smallest=smallest).map(memoryless)


def markov_kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Draw kernels ν_p (section 3.1) that look one symbol back.

    Args:
        tokens: All that they can write.
        smallest: 1 excludes probabilities of zero.

    Returns:
        A strategy for kernels.

    Example:
        >>> from hypothesis import given
        >>> @given(markov_kernels("AB"))
        ... def check(nu):
        ...     assert nu("A", ("B",)) == nu("A", ("A", "B"))
        >>> check()
    """
    rows = distributions(tokens, smallest=smallest)
    return st.builds(markov, rows, st.fixed_dictionaries(dict.fromkeys(tokens, rows)))


def _whole_past_kernel(seed: int, tokens: Sequence[Symbol], smallest: int) -> Kernel:
    """Return a kernel whose probabilities are random, a function of ``seed`` and the past."""
    tokens = tuple(tokens)

    def nu(token: Symbol, past: Past) -> Fraction:
        if token not in tokens:
            raise UnknownToken(f"unknown token {token!r}: the kernel knows {', '.join(map(repr, tokens))}")
        rng = random.Random(f"{seed}{past}")
        counts = [rng.randint(smallest, MAX_COUNT) for _ in tokens]
        counts = counts if any(counts) else [1 for _ in tokens]
        return Fraction(counts[tokens.index(token)], sum(counts))

    return nu


def whole_past_kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Draw kernels ν_p (section 3.1) whose probabilities depend on every symbol of the past.

    Args:
        tokens: All that they can write.
        smallest: 1 excludes probabilities of zero.

    Returns:
        A strategy for kernels.

    Example:
        >>> from hypothesis import given
        >>> @given(whole_past_kernels("AB"))
        ... def check(nu):
        ...     assert nu("A", ("B", "A")) + nu("B", ("B", "A")) == 1
        >>> check()
    """
    return st.integers().map(lambda seed: _whole_past_kernel(seed, tokens, smallest))


def kernels(tokens: Sequence[Symbol] = TOKENS, *, smallest: int = 0) -> SearchStrategy[Kernel]:
    """Draw kernels ν_p (section 3.1) of every kind: memoryless, Markov, or dependent on the whole past.

    Args:
        tokens: All that they can write.
        smallest: 1 excludes probabilities of zero.

    Returns:
        A strategy for kernels.

    Example:
        >>> from hypothesis import given
        >>> @given(kernels("AB"), histories("AB"))
        ... def check(nu, history):
        ...     past = tuple(slot.symbol for slot in history)
        ...     assert nu("A", past) + nu("B", past) == 1
        >>> check()
    """
    kinds = memoryless_kernels, markov_kernels, whole_past_kernels
    return st.one_of(*(kind(tokens, smallest=smallest) for kind in kinds))


def mixtures(
    *, kernels: SearchStrategy[Kernel] | None = None, tokens: Sequence[Symbol] = TOKENS, smallest: int = 0
) -> SearchStrategy[Mixture]:
    """Draw mixtures w_0 (section 3.1) of two to four hypotheses.

    Args:
        kernels: A strategy for the kernels; by default, `kernels` of every kind.
        tokens: All that the kernels can write, unless they bring their own list.
        smallest: 1 excludes probabilities of zero, from the prior and from the default kernels.

    Returns:
        A strategy for mixtures.

    Example:
        >>> from hypothesis import given
        >>> @given(mixtures(tokens="AB", smallest=1), histories("AB"))
        ... def check(mix, history):
        ...     assert sum(mix.posterior(history).values()) == 1
        >>> check()
    """
    return _mixtures(_all_kernels(tokens, smallest=smallest) if kernels is None else kernels, tuple(tokens), smallest)


@st.composite
def _mixtures(draw: DrawFn, kernels: SearchStrategy[Kernel], tokens: tuple[Symbol, ...], smallest: int) -> Mixture:
    """Draw mixtures with these kernels."""
    names = [f"p{i}" for i in range(draw(st.integers(2, 4)))]
    prior = draw(distributions(names, smallest=smallest))
    return Mixture({Hypothesis(str(name), nu, getattr(nu, "tokens", tokens)): w
                    for (name, w), nu in ((item, draw(kernels)) for item in prior.items())})  # fmt: skip


_all_kernels = kernels  # `mixtures` has an argument of that name


def gates() -> SearchStrategy[Gate]:
    """Draw authors γ_i (section 3.1).

    Returns:
        A strategy for gates.

    Example:
        >>> from hypothesis import given
        >>> @given(gates())
        ... def check(gate):
        ...     assert gate in (0, 1)
        >>> check()
    """
    return st.sampled_from(Gate)


def histories(
    tokens: Sequence[Symbol] = TOKENS, *, min_size: int = 0, max_size: int = 6
) -> SearchStrategy[tuple[Slot, ...]]:
    """Draw histories ĥ_t (section 3.3) in which agent and world write any of ``tokens``.

    Args:
        tokens: What they write.
        min_size: The smallest number of slots.
        max_size: The largest number of slots.

    Returns:
        A strategy for tuples of slots.

    Example:
        >>> from hypothesis import given
        >>> @given(histories("AB", max_size=3))
        ... def check(history):
        ...     assert len(history) <= 3
        >>> check()
    """
    slots = st.builds(Slot, st.sampled_from(tokens), gates())
    return st.lists(slots, min_size=min_size, max_size=max_size).map(tuple)
