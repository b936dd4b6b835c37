"""Bayesian mixtures over streams in which an agent wrote some of the symbols and the world the others.

Who wrote a symbol decides whether it is evidence: ``do(a)`` is an intervention and leaves the posterior as it is,
``see(x)`` is evidence and updates it. Importing this package loads the standard library alone; the functions over
arrays are in `causal_agency.streams` (NumPy) and `causal_agency.arrays` (JAX).

Types of arguments and results: a `Symbol` is anything hashable, a `Number` a float or a Fraction, a `History` an
iterable of `Slot`, a `Kernel` any function of (token, past) that returns a `Number`.
"""

from causal_agency._probability import Distribution, Number
from causal_agency.belief import Belief, ImpossibleEvidence, Rng
from causal_agency.gate import Gate
from causal_agency.history import History, Slot, Symbol, as_bystander, do, see
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, UnknownToken, channels, markov, memoryless
from causal_agency.ledger import Entry, Ledger
from causal_agency.likelihood import L_do, L_obs
from causal_agency.mixture import Mixture

__all__ = [
    "Belief",
    "Distribution",
    "Entry",
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
    "Rng",
    "Slot",
    "Symbol",
    "UnknownToken",
    "as_bystander",
    "channels",
    "do",
    "markov",
    "memoryless",
    "see",
]
