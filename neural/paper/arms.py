"""The arms: whose tokens count in the loss. They differ in nothing else (paper, section 5.2)."""

from neural.arm_names import read_weight
from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, AuthorWeights

ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL, "assistant-only": ASSISTANT_ONLY}


def arm_weights(name: str) -> AuthorWeights:
    """Return the author weights of an arm: one of `ARMS`, or one named after the weight of the agent's tokens."""
    return ARMS[name] if name in ARMS else AuthorWeights(agent=read_weight(name))


def order_number(name: str) -> int:
    """Return a number that no other arm has, for the seeds of arms that read the lessons in orders of their own."""
    return list(ARMS).index(name) if name in ARMS else len(ARMS) + round(1e6 * arm_weights(name).agent)
