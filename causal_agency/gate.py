"""Who wrote a symbol (paper, section 3.1)."""

from enum import IntEnum

__all__ = ["Gate"]


class Gate(IntEnum):
    """γ_i, the author of slot i; it alone decides whether the symbol is evidence (section 3.1).

    Attributes:
        WORLD: γ_i = 0. The symbol is an observation o_i: evidence.
        AGENT: γ_i = 1. The symbol is an action a_i: an intervention.

    Example:
        >>> from causal_agency import Gate, do, see
        >>> do("A").gate is Gate.AGENT, see("A").gate is Gate.WORLD
        (True, True)
    """

    WORLD = 0
    AGENT = 1
