"""Bayesian mixtures over streams in which some symbols are one's own actions.

Who wrote a symbol decides whether it is evidence: ``do(a)`` is an intervention and moves nothing, ``see(x)`` counts.
The array functions are in `causal_agency.arrays` and bring JAX with them.
"""

from causal_agency.belief import Belief, ImpossibleEvidence
from causal_agency.gate import Gate
from causal_agency.history import Slot, as_bystander, do, see
from causal_agency.hypothesis import Hypothesis, UnknownToken, channels, markov, memoryless
from causal_agency.likelihood import L_do, L_obs
from causal_agency.mixture import Mixture

__all__ = [
    "Belief",
    "Gate",
    "Hypothesis",
    "ImpossibleEvidence",
    "L_do",
    "L_obs",
    "Mixture",
    "Slot",
    "UnknownToken",
    "as_bystander",
    "channels",
    "do",
    "markov",
    "memoryless",
    "see",
]
