"""The laws that a kernel must obey; each function raises AssertionError if its law is broken (`testing.check_laws`)."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isclose
from typing import Any, NoReturn

from causal_agency._probability import MAX_SUM_ERROR, is_probability, to_number
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol, as_bystander, do, see, symbols
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, memoryless
from causal_agency.likelihood import L_do, L_obs
from causal_agency.mixture import Mixture
from causal_agency.past import Past

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


def check_order(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that a kernel that says how many symbols back it looks does not look further."""
    past, order = symbols(history), Hypothesis("kernel", kernel, tokens).order
    recent = past if order is None else past[max(0, len(past) - order) :]
    whole, part = ([kernel(token, view) for token in tokens] for view in (past, recent))
    if whole != part:
        raise AssertionError(
            f"a kernel of order {order} must not look further back: after {past} it gives {whole}, "
            f"but after {recent} {part}"
        )


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


def check_chain(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that the predictions of what the world wrote multiply to Σ_p w_0(p) L^do(p)."""
    mix = _mixture_with(kernel, tokens)
    product: Any = 1
    for i, (symbol, gate) in enumerate(history):
        product *= 1 if gate == Gate.AGENT else mix.predict(symbol, history[:i])
    evidence = sum(w * L_do(p, history) for p, w in mix.prior.items())
    if not isclose(product, evidence, rel_tol=MAX_ERROR):
        raise AssertionError(
            f"predictions must multiply to the evidence: they are {product} and {evidence} for {list(history)}"
        )


def check_average(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that Σ_o π(o) w(· | o) = w."""
    mix = _mixture_with(kernel, tokens)
    w, mean = mix.posterior(history), dict.fromkeys(mix.prior, 0)
    for token in tokens:
        chance: Any = mix.predict(token, history)
        for p, after in mix.posterior((*history, see(token))).items():
            mean[p] += chance * after
    if not all(isclose(mean[p], w[p], abs_tol=MAX_SUM_ERROR) for p in w):
        raise AssertionError(f"posteriors must average to the posterior before: {mean}, not {w}, after {list(history)}")


class _WorldAlone:
    """A past that has nothing but ``world``."""

    __slots__ = ("world",)

    def __init__(self, world: Past):
        self.world = world

    def _refuse(self, *_: object) -> NoReturn:
        raise AttributeError("this past has nothing but world")

    __repr__ = __hash__ = __eq__ = __bool__ = _refuse


def check_world(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that a kernel that reads ``past.world`` alone is moved by nothing that the agent does."""
    past = symbols(history)
    try:
        [kernel(token, _WorldAlone(past.world)) for token in tokens]
    except Exception:  # it reads more than that: the law does not apply
        return
    p, deleted = Hypothesis("kernel", kernel, tokens), tuple(slot for slot in history if slot.gate == Gate.WORLD)
    whole, part = ([L_do(p, some), *(kernel(token, symbols(some)) for token in tokens)] for some in (history, deleted))
    if whole != part:
        raise AssertionError(
            f"a kernel that reads the world's past alone must be moved by nothing that the agent does: "
            f"{list(history)} gives {whole}, but without the agent's slots {part}"
        )


def check_bystander(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that L_obs(p, h) equals L_do(p, as_bystander(h))."""
    p = Hypothesis("kernel", kernel, tokens)
    observed, all_seen = L_obs(p, history), L_do(p, as_bystander(history))
    if observed != all_seen:
        raise AssertionError(
            f"L_obs(p, h) must equal L_do(p, as_bystander(h)): they are {observed} and {all_seen} for {list(history)}"
        )


def check_gap(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check π(o | h, a) − π(o | h, do(a)) = Cov_w(ν(a), ν(o | a)) / E_w ν(a), unless the kernel looks at authors."""
    before = _mixture_with(kernel, tokens).belief(history)
    w = before.posterior()

    def mean(x: Mapping[Hypothesis, Any]) -> Any:
        return sum(to_number(prob) * x[p] for p, prob in w.items())

    for a in tokens:
        done, seen = before.after(do(a)), before.after(see(a))
        nu_a: dict[Hypothesis, Any] = {p: to_number(p.nu(a, before.past)) for p in w}
        for o in tokens:
            nu_o, if_seen = ({p: to_number(p.nu(o, after.past)) for p in w} for after in (done, seen))
            if nu_o != if_seen:
                continue
            covariance = mean({p: nu_a[p] * nu_o[p] for p in w}) - mean(nu_a) * mean(nu_o)
            gap: Any = seen.predict(o) - done.predict(o)
            if not isclose(gap, covariance / mean(nu_a), abs_tol=MAX_ERROR):
                raise AssertionError(
                    f"seeing differs from doing by a covariance: for {o!r} after {a!r}, after {list(history)}, "
                    f"by {gap}, not by {covariance / mean(nu_a)}"
                )


def check_split(kernel: Kernel, tokens: tuple[Symbol, ...], history: tuple[Slot, ...]) -> None:
    """Check that nothing changes if the hypothesis is split in two of other names."""
    mix, quarter = _mixture_with(kernel, tokens), Fraction(1, 4)
    whole, rest = mix.prior
    halves = Hypothesis("half", kernel, tokens), Hypothesis("other half", kernel, tokens)
    split = Mixture({rest: mix.prior[rest], **dict.fromkeys(halves, quarter)}).posterior(history)
    one: Any = mix.posterior(history)[whole]
    two: Any = sum(split[half] for half in halves)
    if not isclose(one, two, rel_tol=MAX_ERROR, abs_tol=MAX_ERROR):
        raise AssertionError(
            f"a hypothesis split in two must have the same weight: {two}, not {one}, after {list(history)}"
        )


LAWS: tuple[Law, ...] = (
    check_sums,
    check_repeats,
    check_order,
    check_do,
    check_see,
    check_chain,
    check_average,
    check_bystander,
    check_world,
    check_gap,
    check_split,
)
