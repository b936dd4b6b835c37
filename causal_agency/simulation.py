"""An agent in a world, slot by slot (paper, sections 3.3 and 3.4)."""

from collections.abc import Callable, Iterable

from causal_agency.belief import Belief, Rng
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol, do, see
from causal_agency.hypothesis import Hypothesis
from causal_agency.mixture import Mixture

__all__ = ["simulate"]


def simulate(
    mix: Mixture,
    world: Hypothesis,
    gates: Iterable[Gate],
    rng: Rng,
    *,
    policy: Callable[[Belief, Rng], Symbol] = Belief.act,
    record: Callable[[Symbol], Slot] = do,
) -> tuple[Slot, ...]:
    """Let an agent and a world write in turn: at γ_i = 1 the agent, by its belief; at γ_i = 0 the world, by its kernel.

    The agent samples p̄ ~ w_t and then a ~ ν_p̄ (section 3.4), unless ``policy`` says otherwise.

    Args:
        mix: What the agent believes at first.
        world: The true hypothesis; its tokens are all that the world can write.
        gates: Who writes each slot, such as ``[Gate.AGENT, Gate.WORLD] * 100``.
        rng: The source of randomness.
        policy: What the agent writes, a function of its belief and of ``rng``; by default, posterior sampling.
        record: How the agent records what it wrote; `see` makes it a naive agent, which takes that for evidence.

    Returns:
        The history, with the true authors; ``mix.trajectory`` of it is what an interventional agent believed.

    Raises:
        ImpossibleEvidence: If the agent excludes what the world writes.

    Example:
        >>> import random
        >>> from causal_agency import Gate, Hypothesis, Mixture, memoryless, simulate
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> mix = Mixture({p_B: 0.35, p_A: 0.65})
        >>> history = simulate(mix, p_B, [Gate.AGENT, Gate.WORLD] * 20, random.Random(0))
        >>> history[:4], mix.posterior(history)["p_B"] > 0.99
        ((do('A'), see('B'), do('B'), see('B')), True)
    """
    agent, truth = mix.belief(), Mixture({world: 1}).belief()
    history = []
    for gate in gates:
        own = gate == Gate.AGENT
        slot = do(policy(agent, rng)) if own else see(truth.act(rng))
        agent = agent.after(record(slot.symbol) if own else slot)
        truth = truth.after(slot)
        history.append(slot)
    return tuple(history)
