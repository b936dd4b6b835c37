"""The current posterior, updated one slot at a time (paper, sections 3.3 and 3.4)."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import exp, log
from reprlib import repr as short_repr
from typing import Any, NamedTuple, Protocol, TypeVar

from causal_agency._factors import factor
from causal_agency._probability import Distribution, Number, display, validate_distribution
from causal_agency._products import Products
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.past import Past
from causal_agency.posterior import Posterior

__all__ = ["Belief", "Choice", "ImpossibleEvidence", "Posterior", "Rng"]

T = TypeVar("T")
AGENT, WORLD = Gate.AGENT, Gate.WORLD


class ImpossibleEvidence(ValueError):
    """The world wrote a symbol that has probability zero under every hypothesis still alive: w_t is 0/0 (section 3.3).

    Example:
        >>> from causal_agency import Hypothesis, Mixture, memoryless, see
        >>> Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1}).posterior([see("B")])
        Traceback (most recent call last):
          ...
        causal_agency.belief.ImpossibleEvidence: slot 1: no hypothesis still alive gives 'B' any probability
    """


class Rng(Protocol):
    """A source of random numbers (section 3.4); `numpy.random.Generator` and `random.Random` both qualify.

    Example:
        >>> import random
        >>> from causal_agency import Rng
        >>> rng: Rng = random.Random(0)
        >>> 0 <= rng.random() < 1
        True
    """

    def random(self) -> float:
        """Return a float from [0, 1)."""


def _draw(probs: Mapping[T, Number], rng: Rng) -> T:
    """Return one key of ``probs``, with its probability."""
    alive = [x for x, prob in probs.items() if prob > 0]
    u = rng.random()
    for x in alive:
        u -= probs[x]
        if u < 0:
            return x
    return alive[-1]  # the probabilities sum to a little less than one


class Choice(NamedTuple):
    """What posterior sampling drew (section 3.4).

    Attributes:
        hypothesis: p̄ ~ w_t.
        action: a ~ ν_p̄(· | h_t).

    Example:
        >>> import random
        >>> from causal_agency import Hypothesis, Mixture, memoryless
        >>> Mixture({Hypothesis("sure", memoryless(A=1.0)): 1.0}).choose([], random.Random(0))
        Choice(hypothesis=sure, action='A')
    """

    hypothesis: Hypothesis
    action: Symbol


class Belief(NamedTuple):
    """w_t and all that the next update needs (sections 3.3 and 3.4); `Mixture.belief` makes the first one.

    A belief is immutable: if `after` raises, the belief before it is still valid. Each step costs the same however
    long the past is, unless a kernel looks at all of it.

    Attributes:
        hypotheses: p ∈ 𝒫, in the order of the prior.
        products: w_0(p) L^do(p) of each hypothesis, not normalized.
        past: The last symbols, as many as the kernels look at.
        order: How many symbols back any kernel looks; None for all of them.
        t: The number of slots so far.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, do, memoryless, see
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> Mixture({p_B: 0.35, p_A: 0.65}).belief().after(do("A")).after(see("B"))
        after 2 slots: {p_B: 0.8116, p_A: 0.1884}
    """

    hypotheses: tuple[Hypothesis, ...]
    products: Products
    past: Past
    order: int | None
    t: int

    def __repr__(self) -> str:
        return f"after {self.t} slot{'s' * (self.t != 1)}: {self.posterior()!r}"

    def after(self, slot: Slot) -> "Belief":
        """Return the belief after one more slot: w_{t+1} ∝ w_t ν_p(z | h) if γ = 0, else w_t (section 3.3).

        Args:
            slot: What is written next, as made by `do` or `see`.

        Returns:
            The belief at t + 1.

        Raises:
            ImpossibleEvidence: If no hypothesis still alive gives the observation any probability.
            UnknownToken: If a kernel does not know the observation.
        """
        hypotheses, products, past, order, t = self
        symbol, gate = slot if isinstance(slot, Slot) and slot.gate in (AGENT, WORLD) else slots([slot])[0]
        products = products if gate == AGENT else self._multiply(symbol)
        return Belief(hypotheses, products, past if order == 0 else past.after(symbol, gate, order), order, t + 1)

    def posterior(self) -> Posterior:
        """Return w_t(p) (section 3.3)."""
        return Posterior(zip(self.hypotheses, self.products.normalize()))

    def predict(self, token: Symbol) -> Number:
        """Return π(token | ĥ_t) = Σ_p w_t(p) ν_p(token | h_t) (section 3.4).

        Args:
            token: What may be written next, by the agent or by the world.

        Returns:
            Its probability.
        """
        t = self.t + 1
        return display(sum(w * factor(p, token, self.past, t) for p, w in self.posterior().items() if w))

    def predictive(self) -> Distribution[Symbol]:
        """Return π(· | ĥ_t) = Σ_p w_t(p) ν_p(· | h_t), over all tokens that the hypotheses list (section 3.4).

        Returns:
            The probability of each token; a hypothesis gives none to tokens that it does not list.

        Raises:
            ValueError: If a hypothesis still alive lists no tokens, or its kernel does not sum to one over them.
        """
        pi: dict[Symbol, Any] = {z: 0 for p in self.hypotheses for z in p.tokens}
        for p, w in self.posterior().items():
            for z, nu in self._kernel(p).items() if w else ():
                pi[z] += w * nu
        return Distribution(pi)

    def expect(self, f: Callable[[Any], Any]) -> Any:
        """Return E_π[f] = Σ_z π(z | ĥ_t) f(z), over all tokens that the hypotheses list.

        Args:
            f: A function of the next symbol.

        Returns:
            Its mean.
        """
        mean: Any = sum(prob * f(z) for z, prob in self.predictive().items() if prob)
        return display(mean) if isinstance(mean, Fraction) else mean

    def log_evidence(self) -> float:
        """Return log Σ_p w_0(p) L^do(p) = Σ_{γ_i = 0} log π(z_i | ĥ_{<i}).

        Returns:
            Nats.
        """
        logs = self.products.logs()
        top = max(logs)
        return top + log(sum(exp(x - top) for x in logs))

    def act(self, rng: Rng) -> Symbol:
        """Sample an action: p̄ ~ w_t, then a ~ ν_p̄(· | h_t) (section 3.4).

        Args:
            rng: The source of randomness.

        Returns:
            One of the tokens of the sampled hypothesis.

        Raises:
            ValueError: If the sampled hypothesis lists no tokens, or its kernel does not sum to one over them.
        """
        return self.choose(rng).action

    def choose(self, rng: Rng) -> "Choice":
        """Sample an action as `act` does, and say by which hypothesis.

        Args:
            rng: The source of randomness.

        Returns:
            p̄ and a.
        """
        p = _draw(self.posterior(), rng)
        return Choice(p, _draw(self._kernel(p), rng))

    def _kernel(self, p: Hypothesis) -> Mapping[Symbol, Number]:
        """Return ν_p(· | h_t) over the tokens of p."""
        if not p.tokens:
            raise ValueError(f"{p} lists no tokens to sample from: write Hypothesis({p.name!r}, nu, tokens=(...))")
        probs = {a: factor(p, a, self.past, self.t + 1) for a in p.tokens}
        return validate_distribution(probs, f"the kernel of {p} over its tokens after {short_repr(tuple(self.past))}")

    def _multiply(self, symbol: Symbol) -> Products:
        """Return the products with the world's factors; kernels of hypotheses that are ruled out are not called."""
        hypotheses, products, past, _, t = self
        alive = zip(hypotheses, products[0])  # mantissas or numerators; 0 if ruled out
        after = products.multiply([factor(p, symbol, past, t + 1) if w else 0 for p, w in alive])
        if not any(after[0]):
            raise ImpossibleEvidence(f"slot {t + 1}: no hypothesis still alive gives {symbol!r} any probability")
        return after
