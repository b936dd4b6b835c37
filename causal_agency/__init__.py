"""Bayesian mixtures over streams in which an agent wrote some of the symbols and the world the others.

Who wrote a symbol decides whether it is evidence: ``do(a)`` is an intervention and leaves the posterior as it is,
``see(x)`` is evidence and updates it. A whole session, on the numbers of the paper's section 4:

    >>> from causal_agency import Hypothesis, Mixture, as_bystander, do, memoryless, see
    >>> p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))    # a name and a kernel nu(token, past)
    >>> p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
    >>> mix = Mixture({p_B: 0.35, p_A: 0.65})                  # prior weights
    >>> history = [do("A"), see("B")]                          # the agent writes A, then the world writes B
    >>> mix.posterior(history)
    {p_B: 0.8116, p_A: 0.1884}
    >>> mix.posterior(as_bystander(history))                   # what someone who merely watches believes
    {p_B: 0.4891, p_A: 0.5109}
    >>> mix.posterior(history)[p_B]                            # a mapping; only the prompt rounds
    0.8116
    >>> print(mix.posterior(history)[p_B])
    0.8115942028985507
    >>> mix.predict("B", history)                              # the probability that B is written next
    0.6681

A kernel is any function ``nu(token, past)`` that returns the probability of ``token`` after ``past``, the tuple of the
symbols before it, whoever wrote them; ``past`` is empty at the first slot. It is a `Past`, which knows the authors too:
``past.gates``, and ``past.world``, the world's symbols alone. `memoryless` and `markov` make kernels from tables,
`channels` joins one for actions and one for observations, and `dirichlet` learns from what the world wrote; `bystander`
makes it learn from everyone. `from_logs` takes log-probabilities, `density` and `from_scipy` densities. For a token
that it does not know, a kernel of your own raises `UnknownToken` with a message; any other error passes through with a
note of the slot. If it is to act, say what it can write:

    >>> def nu(token, past):
    ...     return 0.9 if past[-1:] == (token,) else 0.5 if not past else 0.1
    >>> sticky = Hypothesis("sticky", nu, tokens=("A", "B"))

``mix.trajectory(history)`` lists the posterior after every slot. ``mix.ledger(history)`` returns a table of what each
slot did; print it. ``mix.belief()`` takes one slot at a time. ``mix.act(history, rng)`` draws a hypothesis from the
posterior and returns a symbol from its kernel; ``rng`` is a `random.Random` or a NumPy generator. `L_do` and `L_obs`
are the likelihoods of a history, ``mix.log_evidence(history)`` and `log_L_do` their logarithms at any length.
`simulate` lets an agent and a world write in turn. If prior and kernels are Fractions, every result is one; floats keep
full precision and show four digits at the prompt. Evidence that every hypothesis rules out raises `ImpossibleEvidence`;
it and `UnknownToken` are ValueErrors. `Episode` is a table of one action and its outcome, to be seen or done;
`causal_agency.estimates` says what logs tell of an action.

Types: a `Symbol` is anything hashable, a `Number` a float or a Fraction, a `History` an iterable of `Slot`, a `Kernel`
a function as above. Importing this package loads the standard library alone. For long streams see
`causal_agency.streams` (NumPy) and `causal_agency.arrays` (JAX), for property tests `causal_agency.testing`.
"""

from causal_agency._probability import Distribution, Number
from causal_agency.belief import Belief, Choice, ImpossibleEvidence, Posterior, Rng
from causal_agency.episode import Episode
from causal_agency.gate import Gate
from causal_agency.history import History, Slot, Symbol, as_bystander, do, pairs, see
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, UnknownToken, channels, markov, memoryless
from causal_agency.learning import bystander, dirichlet
from causal_agency.ledger import Entry, Ledger
from causal_agency.likelihood import L_do, L_obs, log_L_do
from causal_agency.log_kernels import density, from_logs, from_scipy
from causal_agency.mixture import Mixture
from causal_agency.past import Past
from causal_agency.simulation import simulate

__all__ = [
    "Belief",
    "Choice",
    "Distribution",
    "Entry",
    "Episode",
    "Gate",
    "History",
    "Hypothesis",
    "ImpossibleEvidence",
    "Kernel",
    "L_do",
    "L_obs",
    "Ledger",
    "Mixture",
    "Number",
    "Past",
    "Posterior",
    "Rng",
    "Slot",
    "Symbol",
    "UnknownToken",
    "as_bystander",
    "bystander",
    "channels",
    "density",
    "dirichlet",
    "do",
    "from_logs",
    "from_scipy",
    "log_L_do",
    "markov",
    "memoryless",
    "pairs",
    "see",
    "simulate",
]


def __getattr__(name: str) -> str:
    """Read the version when it is first asked for: importing this package must be quick."""
    if name == "__version__":
        from importlib.metadata import version

        return version("causal-agency")
    raise AttributeError(f"module 'causal_agency' has no attribute {name!r}")
