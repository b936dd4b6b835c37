from matplotlib.colors import to_rgb

from neural.report.style import LOOKS, look, weighted_look

WEIGHTS = 0.0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5, 1.0


def test_arms_differ_without_color():
    arms = [*LOOKS, *(f"agent-{weight:g}" for weight in WEIGHTS)]
    assert len({look(arm).marker for arm in arms}) == len(arms)


def test_their_lines_differ_too():
    arms = [*LOOKS, "agent-0.1", "agent-0.25", "agent-0.5", "agent-1"]
    assert len({look(arm).line for arm in arms}) == len(arms)


def test_the_more_the_agent_counts_the_darker_is_its_arm():
    lightness = [sum(to_rgb(weighted_look(weight).color)) for weight in WEIGHTS]
    assert lightness == sorted(lightness, reverse=True)
    assert len(set(lightness)) == len(WEIGHTS)
