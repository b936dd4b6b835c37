"""The mixture over hypotheses: posteriors, predictions and actions (paper, sections 3.2 to 3.4)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import accumulate, pairwise
from math import inf
from typing import TYPE_CHECKING, Any

from causal_agency._factors import begin
from causal_agency._probability import Distribution, Number, validate_distribution
from causal_agency.belief import Belief, Choice, ImpossibleEvidence, Posterior, Rng
from causal_agency.history import History, Symbol, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import longest_order
from causal_agency.ledger import Ledger
from causal_agency.past import NOTHING

if TYPE_CHECKING:
    from causal_agency.tables import Tables

__all__ = ["Mixture"]


@dataclass(frozen=True)
class Mixture:
    """Hypotheses p ∈ 𝒫 with prior weights w_0(p) (sections 3.2 to 3.4). Fractions in, Fractions out.

    Every method takes a history, an iterable of `do` and `see`. For the bystander's answer, pass
    `as_bystander(history)` to the same method. Where Bayes' rule has no answer the methods raise
    `ImpossibleEvidence`; they never return NaN.

    Args:
        prior: w_0(p) of each hypothesis; sums to one.

    Raises:
        TypeError: If ``prior`` is not a mapping from `Hypothesis` to numbers.
        ValueError: If the prior is not a distribution, or two hypotheses have the same name.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, as_bystander, do, memoryless, see
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> mix = Mixture({p_B: 0.35, p_A: 0.65})
        >>> h = do("A"), see("B")
        >>> mix.posterior(h)
        {p_B: 0.8116, p_A: 0.1884}
        >>> mix.posterior(as_bystander(h))
        {p_B: 0.4891, p_A: 0.5109}
        >>> mix.predict("B", [do("A")]), mix.predict("B", [see("A")])
        (0.345, 0.1748)
    """

    prior: Mapping[Hypothesis, Number]
    _start: Belief = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.prior, Mapping) and not all(isinstance(p, Hypothesis) for p in self.prior):
            given = ", ".join(map(repr, self.prior))
            raise TypeError(f"a mixture needs hypotheses, not {given}: write {{Hypothesis(name, nu): 0.5, …}}")
        prior = Posterior(validate_distribution(self.prior, "the prior"))
        name, count = Counter(p.name for p in prior).most_common(1)[0]
        if count > 1:
            raise ValueError(f"two hypotheses are called {name}: give each its own name")
        object.__setattr__(self, "prior", prior)
        products = begin([*prior]).multiply([*prior.values()])
        object.__setattr__(self, "_start", Belief(tuple(prior), products, NOTHING, longest_order(prior), 0))

    def belief(self, history: History = ()) -> Belief:
        """Return the belief after ``history``, to be updated slot by slot.

        Args:
            history: Slots made by `do` and `see`.

        Returns:
            The belief.

        Raises:
            ImpossibleEvidence: If no hypothesis gives the observations any probability. So do all methods below.
            UnknownToken: If a kernel does not know an observation. So do all methods below.
        """
        return reduce(Belief.after, slots(history), self._start)

    def posterior(self, history: History = ()) -> Posterior:
        """Return w_t(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p') (section 3.3).

        Args:
            history: Slots made by `do` and `see`.

        Returns:
            The posterior probability of each hypothesis.
        """
        return self.belief(history).posterior()

    def trajectory(self, history: History = ()) -> list[Posterior]:
        """Return w_0 … w_t: the posterior before the first slot and after each slot (section 3.3).

        Args:
            history: t slots made by `do` and `see`.

        Returns:
            t + 1 posteriors.
        """
        return [belief.posterior() for belief in self._beliefs(history)]

    def _beliefs(self, history: History) -> Iterator[Belief]:
        """Yield the belief before the first slot and after each slot."""
        return accumulate(slots(history), Belief.after, initial=self.belief())

    def predict(self, token: Symbol, history: History = ()) -> Number:
        """Return π(token | ĥ_t) = Σ_p w_t(p) ν_p(token | h_t) (section 3.4).

        After ``do(a)`` it is π(o | h, do(a)); when the agent is next, it is the next-action mixture π(a | h).

        Args:
            token: What may be written next, by the agent or by the world.
            history: Slots made by `do` and `see`.

        Returns:
            The probability of the token.
        """
        return self.belief(history).predict(token)

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """All tokens that the hypotheses list."""
        return tuple(dict.fromkeys(z for p in self.prior for z in p.tokens))

    def predictive(self, history: History = ()) -> Distribution[Symbol]:
        """Return π(· | ĥ_t), the whole distribution over `tokens` (section 3.4).

        Of hypotheses made of `channels` it is the next-action distribution: those list their actions.

        Args:
            history: Slots made by `do` and `see`.

        Returns:
            The probability of each token; a hypothesis gives none to tokens that it does not list.
        """
        return self.belief(history).predictive()

    def expect(self, f: Callable[[Any], Any], history: History = ()) -> Any:
        """Return E_π[f] = Σ_z π(z | ĥ_t) f(z), over `tokens`.

        Args:
            f: A function of the next symbol, such as a reward.
            history: Slots made by `do` and `see`.

        Returns:
            Its mean.
        """
        return self.belief(history).expect(f)

    def log_evidence(self, history: History = ()) -> float:
        """Return log Σ_p w_0(p) L^do(p) = Σ_{γ_i = 0} log π(z_i | ĥ_{<i}), for histories of any length.

        The difference between two mixtures is the logarithm of their Bayes factor; `log_predictions` has the summands.

        Args:
            history: Slots made by `do` and `see`.

        Returns:
            Nats; −∞ if every hypothesis excludes what the world wrote.
        """
        try:
            return self.belief(history).log_evidence()
        except ImpossibleEvidence:
            return -inf

    def log_predictions(self, history: History = ()) -> list[float]:
        """Return log π(z_i | ĥ_{<i}) of the slots that the world wrote, and 0 of the agent's; they sum to the evidence.

        Args:
            history: t slots made by `do` and `see`.

        Returns:
            t numbers, in nats.
        """
        evidence = [belief.log_evidence() for belief in self._beliefs(history)]
        return [after - before for before, after in pairwise(evidence)]

    def choose(self, history: History, rng: Rng) -> Choice:
        """Sample an action as `act` does, and say by which hypothesis (section 3.4).

        Args:
            history: Slots made by `do` and `see`.
            rng: The source of randomness, such as ``random.Random(0)``.

        Returns:
            p̄ and a.
        """
        return self.belief(history).choose(rng)

    def act(self, history: History, rng: Rng) -> Symbol:
        """Sample an action: p̄ ~ w_t, then a ~ ν_p̄(· | h_t) (section 3.4).

        Args:
            history: Slots made by `do` and `see`.
            rng: The source of randomness, such as ``random.Random(0)``.

        Returns:
            One of the tokens of the sampled hypothesis.
        """
        return self.belief(history).act(rng)

    def ledger(self, history: History) -> Ledger:
        """Record every factor, used or dropped, both posteriors and the false evidence, slot by slot (section 4.3).

        Args:
            history: Slots made by `do` and `see`.

        Returns:
            A table of the history.
        """
        return Ledger.record(self.belief(), history)

    def as_arrays(self) -> "Tables":
        """Return prior, kernels and tokens for `causal_agency.streams` and `causal_agency.arrays`.

        Returns:
            The mixture in float64; its hypotheses must be memoryless or Markov.

        Raises:
            ValueError: If a kernel is neither, or hypotheses know different tokens.
        """
        from causal_agency.tables import tabulate  # needs NumPy

        return tabulate(self.prior)
