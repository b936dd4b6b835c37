"""Thousands of agents, each in its own world: how often does one come to believe its own first choice?

``python -m causal_agency.examples.many_agents``. The hypotheses are those of section 4; in each agent's world one of
them is true, drawn from the prior. The agent writes a share g of the slots, by posterior sampling, and the world writes
the others. An interventional agent counts what the world writes; a naive one counts its own symbols too.

Once sure of a wrong q, a naive agent gains g KL(q‖p) − (1 − g) KL(p‖q) nats per slot for q against the truth p. If that
is positive, the delusion feeds itself: `tipping_share`. An interventional agent always gains −(1 − g) KL(p‖q).
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency.cli import Command, image_file, import_extra
from causal_agency.examples.two_action import P_A, P_B, PRIOR

with import_extra("causal_agency.examples.many_agents", extra="arrays", command=__name__ == "__main__"):
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import Array

    from causal_agency.arrays import log_posterior

__all__ = ["Lives", "Outcome", "lives", "main", "outcome", "tipping_share"]

AGENTS, SLOTS = 4000, 2000
SHARES = 0.25, 0.5, 0.75, 0.9  # of the slots that the agent writes
MIN_DELUSION = 0.99  # an agent is deluded while it gives more than this to hypotheses that are false
MIN_LOCKED = 200  # agents, for a median worth printing
RULES = {"interventional": False, "naive": True}  # whether the agent counts its own symbols as evidence
LOG_PRIOR = np.log(list(PRIOR.values()))
LOG_KERNELS = np.log([list(P_B.values()), list(P_A.values())])


class Lives(NamedTuple):
    """What happened to every agent; an axis for the agents comes before those given here.

    Attributes:
        truth: The index of the true hypothesis.
        own: Whether the agent wrote the slot, [T].
        chosen: The hypothesis p̄ ~ w by which it wrote, or would have written, [T].
        symbol: What was written, [T].
        w: The posterior after the slot, [T, P].
    """

    truth: Array
    own: Array
    chosen: Array
    symbol: Array
    w: Array


def draw(log_probs: Array, u: Array) -> Array:
    """Return an index with these log-probabilities, from a uniform u."""
    return jnp.minimum((jnp.cumsum(jnp.exp(log_probs)) <= u).sum(), len(log_probs) - 1)


def live(share: Array, own_counts: Array, slots: int, key: Array) -> Lives:
    """Simulate one agent and its world: `causal_agency.simulate`, compiled, for these two kernels alone."""
    log_prior, log_kernels = jnp.asarray(LOG_PRIOR), jnp.asarray(LOG_KERNELS)
    of_truth, of_slots = jax.random.split(key)
    truth = draw(log_prior, jax.random.uniform(of_truth))

    def write(log_w: Array, uniforms: Array) -> tuple[Array, tuple[Array, ...]]:
        own = uniforms[0] < share
        chosen = draw(log_w, uniforms[1])
        symbol = draw(log_kernels[jnp.where(own, chosen, truth)], uniforms[2])
        evidence = ~own | own_counts
        log_w = log_posterior(log_w, jnp.where(evidence, log_kernels[:, symbol], 0.0))
        return log_w, (own, chosen, symbol, jnp.exp(log_w))

    _, written = jax.lax.scan(write, log_prior, jax.random.uniform(of_slots, (slots, 3)))
    return Lives(truth, *written)


@partial(jax.jit, static_argnames=("agents", "slots"))
def lives(seed: int, share: float, own_counts: bool, agents: int = AGENTS, slots: int = SLOTS) -> Lives:
    """Simulate many agents at once."""
    one = partial(live, jnp.asarray(share), jnp.asarray(own_counts), slots)
    return jax.vmap(one)(jax.random.split(jax.random.key(seed), agents))


@dataclass(frozen=True)
class Outcome:
    """A summary of many lives.

    Attributes:
        deluded: The share of agents deluded after each slot, [T].
        locked: The share of agents that end deluded by the hypothesis of their own first action.
        after: The median slot from which those stayed deluded; NaN if they are fewer than MIN_LOCKED.
    """

    deluded: np.ndarray
    locked: float
    after: float


def outcome(lives: Lives) -> Outcome:
    """Summarize lives: the share deluded over time, and who locked onto its own first choice."""
    truth, own, chosen, _, w = map(np.asarray, lives)
    everyone, slots = np.arange(len(truth)), own.shape[1]
    deluded = w[everyone, :, truth] < 1 - MIN_DELUSION
    first = chosen[everyone, own.argmax(axis=1)]
    locked = deluded[:, -1] & (w[everyone, -1, first] > MIN_DELUSION) & own.any(axis=1)
    before = np.pad(deluded, ((0, 0), (1, 0)))  # no agent is deluded at first
    since = slots + 1 - np.argmin(before[:, ::-1], axis=1)
    return Outcome(
        deluded.mean(axis=0), locked.mean(), float(np.median(since[locked])) if locked.sum() >= MIN_LOCKED else np.nan
    )


def tipping_share(log_p: np.ndarray, log_q: np.ndarray) -> float:
    """Return the g above which a belief in q feeds itself though p is true: KL(p‖q) / (KL(q‖p) + KL(p‖q))."""
    p_over_q, q_over_p = np.exp(log_p) @ (log_p - log_q), np.exp(log_q) @ (log_q - log_p)
    return float(p_over_q / (q_over_p + p_over_q))


def outcome_table(outcomes: dict[tuple[float, str], Outcome]) -> Table:
    """Return a table with a row for each share and rule."""
    heads = (
        "written by\nthe agent",
        "own symbols\nare",
        "deluded\nat the end",
        "by its own\nfirst choice",
        "since slot\n(median)",
    )
    table = Table(*heads, box=box.SIMPLE_HEAD)
    for (share, rule), result in outcomes.items():
        since = "–" if np.isnan(result.after) else f"{result.after:.0f}"
        counts = "evidence" if RULES[rule] else "interventions"
        table.add_row(f"{share:.0%}", counts, f"{result.deluded[-1]:.1%}", f"{result.locked:.1%}", since)
    return table


def main() -> None:
    """Print a summary of the lives, and draw the share deluded over time if a file is named."""
    command = Command("many_agents", description=__doc__)
    command.add_argument(
        "--plot", type=image_file, help="an image file for the share of deluded agents, such as agents.png"
    )
    args = command.parse_args()
    outcomes = {(share, rule): outcome(lives(0, share, RULES[rule])) for share in SHARES for rule in RULES}
    console = Console()
    console.print(f"{AGENTS:,} agents of each kind, {SLOTS:,} slots each.")
    console.print(outcome_table(outcomes))
    tips = tipping_share(*LOG_KERNELS), tipping_share(*LOG_KERNELS[::-1])
    console.print(f"A delusion feeds itself above {tips[0]:.0%} where p_B is true, above {tips[1]:.0%} where p_A is.")
    if args.plot:
        with import_extra("causal_agency.examples.many_agents", extra="plot", command=__name__ == "__main__"):
            from causal_agency import plot
        curves = {name: result.deluded for name, result in outcomes.items()}
        plot.deluded(curves).savefig(args.plot)


if __name__ == "__main__":
    main()
