import random
from collections import Counter
from itertools import product

import pytest

from causal_agency import (
    Belief,
    Gate,
    Hypothesis,
    ImpossibleEvidence,
    Mixture,
    as_bystander,
    dirichlet,
    do,
    memoryless,
    see,
    simulate,
)
from causal_agency.history import symbols

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})
ALTERNATE = Hypothesis("alternate", lambda z, past: 0.9 if past[-1:] != (z,) else 0.1, tokens="AB", order=1)
AGENT, WORLD = Gate.AGENT, Gate.WORLD


def chance(mix, world, history, record):
    """The probability of a history: the agent's predictions of its own slots, by its own records, and the world's."""
    prob, past, recorded = 1.0, symbols([]), []
    for slot in history:
        prob *= mix.predict(slot.symbol, recorded) if slot.gate == AGENT else world.nu(slot.symbol, past)
        past = past.after(*slot)
        recorded.append(record(slot.symbol) if slot.gate == AGENT else slot)
    return prob


@pytest.mark.parametrize("record", [do, see])
@pytest.mark.parametrize("gates", [(AGENT, WORLD, AGENT), (AGENT, AGENT, WORLD)])
def test_histories_have_their_probabilities(record, gates):
    """Against the probability of every history of three slots."""
    rng, n = random.Random(1), 3000
    counts = Counter(simulate(MIX, ALTERNATE, gates, rng, record=record) for _ in range(n))
    every = [tuple(map(lambda z, g: do(z) if g else see(z), word, gates)) for word in product("AB", repeat=3)]
    probs = {history: chance(MIX, ALTERNATE, history, record) for history in every}
    assert sum(probs.values()) == pytest.approx(1)
    for history, prob in probs.items():
        assert abs(counts[history] / n - prob) < 4.5 * (prob * (1 - prob) / n) ** 0.5


def test_the_policy_has_the_agents_belief():
    asked = []

    def policy(belief, rng):
        asked.append(belief)
        return "A"

    gates = [WORLD, AGENT, WORLD, AGENT]
    history = simulate(MIX, p_B, gates, random.Random(0), policy=policy)
    assert [slot.gate for slot in history] == gates
    assert asked == [MIX.belief(history[:1]), MIX.belief(history[:3])]
    assert all(slot == do("A") for slot in history if slot.gate == AGENT)
    asked.clear()
    naive = simulate(MIX, p_B, gates, random.Random(0), policy=policy, record=see)
    assert naive == history
    assert asked == [MIX.belief(as_bystander(history[:1])), MIX.belief(as_bystander(history[:3]))]


def test_the_default_policy_is_posterior_sampling():
    gates = [AGENT, WORLD] * 5
    one, other = (simulate(MIX, p_B, gates, random.Random(2), **policy) for policy in ({}, {"policy": Belief.act}))
    assert one == other
    assert {slot.symbol for slot in one} == {"A", "B"}


def test_kernels_that_learn_are_told_who_wrote_what():
    """The agent learns from a world that repeats what the agent wrote last; the world reads the true authors."""

    def copies(token, past):
        return float(token == ("A" if past.gates[-1:] == (AGENT,) else "B"))

    mix = Mixture({Hypothesis("learner", dirichlet(1, "AB")): 1})
    world = Hypothesis("copies", copies, tokens="AB")
    history = simulate(mix, world, [AGENT, WORLD] * 3, random.Random(0), record=see, policy=lambda *_: "B")
    assert history == (do("B"), see("A")) * 3


def test_no_slots_and_impossible_worlds():
    assert simulate(MIX, p_B, [], random.Random(0)) == ()
    sure = Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1})
    with pytest.raises(ImpossibleEvidence, match="slot 1"):
        simulate(sure, Hypothesis("never", memoryless(A=0, B=1)), [WORLD], random.Random(0))
