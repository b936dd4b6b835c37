"""Who wrote a symbol (paper, section 3.1)."""

from enum import IntEnum


class Gate(IntEnum):
    """γ_i: the author of slot i. It alone decides whether the symbol is evidence."""

    WORLD = 0  # o_i, an observation: evidence
    AGENT = 1  # a_i, an action: an intervention
