"""The names of the arms, apart from what they stand for (`neural.paper.arms`), which needs JAX."""

import re

ARM_NAMES = "standard", "interventional", "assistant-only"
WEIGHTED = "agent-"  # before the weight of the agent's tokens, the name of an arm between the others


def is_arm(name: str) -> bool:
    """Return whether ``name`` is an arm's: one of three, or agent- and the weight of the agent's tokens."""
    return name in ARM_NAMES or re.fullmatch(WEIGHTED + r"(0|1|0\.\d+)", name) is not None


def read_weight(name: str) -> float:
    """Return the weight of the agent's tokens in an arm that is named after it."""
    return float(name.removeprefix(WEIGHTED))
