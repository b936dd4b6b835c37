"""The two likelihoods of a history (paper, sections 3.2 and 3.3)."""

from causal_agency._factors import begin, factor
from causal_agency._probability import Number, display
from causal_agency._products import Products
from causal_agency.gate import Gate
from causal_agency.history import History, as_bystander, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.past import NOTHING

__all__ = ["L_do", "L_obs", "log_L_do"]


def L_do(p: Hypothesis, history: History) -> Number:
    """Return L^do(p) = ∏_{i: γ_i = 0} ν_p(z_i | h_{<i}), the product of the world's factors (section 3.3).

    In floats it underflows to 0 on very long histories; `log_L_do` and `Mixture.posterior` do not.

    Args:
        p: The hypothesis.
        history: Slots made by `do` and `see`.

    Returns:
        A Fraction if every factor is rational, else a float.

    Raises:
        UnknownToken: If the kernel does not know a token that the world wrote.
        ValueError: If the kernel returns something other than a probability.

    Example:
        >>> from causal_agency import Hypothesis, L_do, do, memoryless, see
        >>> p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
        >>> L_do(p_B, [do("A"), see("B")])
        0.8
    """
    return display(_product(p, history).values()[0])


def _product(p: Hypothesis, history: History) -> Products:
    """Return the product of the world's factors."""
    history = slots(history)
    if not isinstance(p, Hypothesis):
        raise TypeError(f"{p!r} is not a hypothesis, which comes before the history")
    product, order, before = begin([p]), p.order, NOTHING
    for t, (z, gate) in enumerate(history, 1):
        if gate == Gate.WORLD:
            product = product.multiply([factor(p, z, before, t)])
        before = before if order == 0 else before.after(z, gate, order)
    return product


def log_L_do(p: Hypothesis, history: History) -> float:
    """Return log L^do(p) = Σ_{i: γ_i = 0} log ν_p(z_i | h_{<i}) (section 3.3), for histories of any length.

    The difference between two hypotheses is the logarithm of their Bayes factor.

    Args:
        p: The hypothesis.
        history: Slots made by `do` and `see`.

    Returns:
        Nats; −∞ if the hypothesis excludes what the world wrote.

    Example:
        >>> from causal_agency import Hypothesis, do, log_L_do, memoryless, see
        >>> p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
        >>> round(log_L_do(p_B, [do("A"), *[see("B")] * 10_000]), 6)
        -2231.435513
    """
    return _product(p, history).logs()[0]


def L_obs(p: Hypothesis, history: History) -> Number:
    """Return L^obs(p) = ∏_i ν_p(z_i | h_{<i}), the bystander's likelihood: every factor counts (section 3.2).

    Args:
        p: The hypothesis.
        history: Slots made by `do` and `see`.

    Returns:
        A Fraction if every factor is rational, else a float.

    Example:
        >>> from causal_agency import Hypothesis, L_obs, do, memoryless, see
        >>> p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
        >>> L_obs(p_B, [do("A"), see("B")])
        0.16
    """
    return L_do(p, as_bystander(history))
