"""The laws that a kernel must obey; each function raises AssertionError if its law is broken (`testing.check_laws`)."""

from collections.abc import Callable
from fractions import Fraction
from math import isclose
from typing import Any

from causal_agency._probability import MAX_SUM_ERROR, is_probability, to_number
from causal_agency.history import Slot, Symbol, as_bystander, do, see, symbols
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, memoryless
from causal_agency.likelihood import L_do, L_obs
from causal_agency.mixture import Mixture

MAX_ERROR = 1e-9  # of a posterior in floats

Law = Callable[[Kernel, tuple[Symbol, ...], tuple[Slot, ...]], None]


def _mixture_with(kernel: Kernel, tokens: tuple[Symbol, ...]) -> Mixture:
    """Return an even mixture of the kernel and a hypothesis that never excludes anything."""
    uniform = memoryless(dict.fromkeys(tokens, Fraction(1, len(tokens))))
    half = Fraction(1, 2)
    return Mixture({Hypothesis("kernel", kernel, tokens): half, Hypothesis("uniform", uniform): half})


def check_sums(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that the probabilities of all tokens lie in [0, 1] and sum to one."""
    past = symbols(history)
    probs = {token: to_number(kernel(token, past)) for token in tokens}
    for token, prob in probs.items():
        if not is_probability(prob):
            raise AssertionError(f"probabilities must be in [0, 1]: {token!r} after {past} has {prob}")
    total: Any = sum(probs.values())
    if abs(total - 1) > (MAX_SUM_ERROR if isinstance(total, float) else 0):
        raise AssertionError(f"probabilities must sum to one: after {past} they sum to {total}")


def check_repeats(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that the same past gives the same answer twice."""
    past = symbols(history)
    first, again = ([kernel(token, past) for token in tokens] for _ in range(2))
    if first != again:
        raise AssertionError(f"the same past must give the same answer: after {past} it gives {first}, then {again}")


def check_do(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that an action leaves the posterior as it is."""
    mix = _mixture_with(kernel, tokens)
    before = mix.posterior(history)
    for action in tokens:
        after = mix.posterior((*history, do(action)))
        if after != before:
            raise AssertionError(
                f"an action must leave the posterior as it is: {do(action)} after {list(history)} "
                f"turns {before} into {after}"
            )


def check_see(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that an observation multiplies the posterior by the kernel."""
    mix, past = _mixture_with(kernel, tokens), symbols(history)
    before = mix.posterior(history)
    for token in tokens:
        joint: dict[Hypothesis, Any] = {p: w * to_number(p.nu(token, past)) for p, w in before.items()}
        expected = {p: prob / sum(joint.values()) for p, prob in joint.items()}
        after = mix.posterior((*history, see(token)))
        if not all(isclose(after[p], expected[p], rel_tol=MAX_ERROR, abs_tol=MAX_ERROR) for p in expected):
            raise AssertionError(
                f"an observation must multiply by the kernel: {see(token)} after {list(history)} "
                f"turns {before} into {after}, not into {expected}"
            )


def check_bystander(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that L_obs(p, h) equals L_do(p, as_bystander(h))."""
    p = Hypothesis("kernel", kernel, tokens)
    observed, all_seen = L_obs(p, history), L_do(p, as_bystander(history))
    if observed != all_seen:
        raise AssertionError(
            f"L_obs(p, h) must equal L_do(p, as_bystander(h)): they are {observed} and {all_seen} for {list(history)}"
        )


LAWS: tuple[Law, ...] = check_sums, check_repeats, check_do, check_see, check_bystander
