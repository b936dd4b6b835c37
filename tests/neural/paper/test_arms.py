from neural import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, AuthorWeights
from neural.arm_names import ARM_NAMES
from neural.paper.arms import ARMS, arm_weights, order_number


def test_the_three_arms():
    assert {"standard": STANDARD, "interventional": INTERVENTIONAL, "assistant-only": ASSISTANT_ONLY} == ARMS
    assert tuple(ARMS) == ARM_NAMES
    assert all(arm_weights(name) == weights for name, weights in ARMS.items())


def test_an_arm_is_named_after_the_weight_of_the_agents_tokens():
    assert arm_weights("agent-0.25") == AuthorWeights(agent=0.25)
    assert arm_weights("agent-0") == INTERVENTIONAL
    assert arm_weights("agent-1") == STANDARD


def test_numbers_are_distinct():
    names = [*ARMS, "agent-0", "agent-0.1", "agent-0.25", "agent-1"]
    assert len({order_number(name) for name in names}) == len(names)
