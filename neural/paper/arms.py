"""The arms: whose tokens count in the loss. They differ in nothing else (paper, section 5.2)."""

from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, AuthorWeights

ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL, "assistant-only": ASSISTANT_ONLY}
WEIGHTED = "agent-"  # the prefix of an arm in which the agent's tokens count in part, such as agent-0.25


def arm_weights(name: str) -> AuthorWeights:
    """Return the author weights of an arm: one of `ARMS`, or one named after the weight of the agent's tokens."""
    return ARMS[name] if name in ARMS else AuthorWeights(agent=float(name.removeprefix(WEIGHTED)))


def order_number(name: str) -> int:
    """Return a number that no other arm has, for the seeds of arms that read the lessons in orders of their own."""
    return list(ARMS).index(name) if name in ARMS else len(ARMS) + round(1e6 * arm_weights(name).agent)
