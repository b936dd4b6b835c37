"""Thousands of agents, each in its own world: how often does one come to believe its own first choice?

``python -m causal_agency.examples.many_agents``. The hypotheses are those of section 4, one of them true in each
agent's world, drawn from the prior. The agent writes a share g of the slots, by posterior sampling, and the world the
others. An interventional agent counts what the world writes; a naive one counts its own words too.

Once sure of a wrong q, a naive agent gains g KL(q‖p) − (1 − g) KL(p‖q) nats a slot for q against the truth p. Where
that is positive, the delusion feeds itself: `tipping_share`. An interventional agent gains −(1 − g) KL(p‖q), always.
"""

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency.arrays import log_posterior
from causal_agency.cli import Command, image_file
from causal_agency.examples.two_action import P_A, P_B, PRIOR

AGENTS, SLOTS = 4000, 2000
SHARES = 0.25, 0.5, 0.75, 0.9  # of the slots that the agent writes
SURE = 0.99  # an agent is deluded while it gives more than this to hypotheses that are false
ENOUGH = 200  # agents, for a median worth printing
RULES = {"interventional": False, "naive": True}  # whether the agent's own words are evidence to it
LOG_PRIOR = np.log(list(PRIOR.values()))
LOG_KERNELS = np.log([list(P_B.values()), list(P_A.values())])


class Lives(NamedTuple):
    """What happened to every agent, one array axis for the agents before those given here."""

    truth: Array  # the index of the true hypothesis
    own: Array  # [T] whether the agent wrote the slot
    chosen: Array  # [T] the hypothesis p̄ ~ w by which it wrote, or would have written
    symbol: Array  # [T] what was written
    w: Array  # [T, P] the posterior after the slot


def draw(log_probs: Array, u: Array) -> Array:
    """An index with these log-probabilities, from a uniform u."""
    return jnp.minimum((jnp.cumsum(jnp.exp(log_probs)) <= u).sum(), len(log_probs) - 1)


def live(share: Array, own_counts: Array, slots: int, key: Array) -> Lives:
    """One agent and its world."""
    log_prior, log_kernels = jnp.asarray(LOG_PRIOR), jnp.asarray(LOG_KERNELS)
    of_truth, of_slots = jax.random.split(key)
    truth = draw(log_prior, jax.random.uniform(of_truth))

    def write(log_w, uniforms):
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
    """Many agents, all at once."""
    one = partial(live, jnp.asarray(share), jnp.asarray(own_counts), slots)
    return jax.vmap(one)(jax.random.split(jax.random.key(seed), agents))


@dataclass(frozen=True)
class Outcome:
    """What became of them, in numbers."""

    deluded: np.ndarray  # [T] the share of agents deluded after each slot
    locked: float  # the share of agents that end deluded by the hypothesis of their own first action
    after: float  # the median slot from which those stayed so; NaN if they are fewer than ENOUGH


def outcome(lives: Lives) -> Outcome:
    """The share deluded over time, and who locked onto its own first choice."""
    truth, own, chosen, _, w = map(np.asarray, lives)
    everyone, slots = np.arange(len(truth)), own.shape[1]
    deluded = w[everyone, :, truth] < 1 - SURE
    first = chosen[everyone, own.argmax(axis=1)]
    locked = deluded[:, -1] & (w[everyone, -1, first] > SURE) & own.any(axis=1)
    before = np.pad(deluded, ((0, 0), (1, 0)))  # nobody is at first
    since = slots + 1 - np.argmin(before[:, ::-1], axis=1)
    return Outcome(
        deluded.mean(axis=0), locked.mean(), float(np.median(since[locked])) if locked.sum() >= ENOUGH else np.nan
    )


def tipping_share(log_p: np.ndarray, log_q: np.ndarray) -> float:
    """The g above which the delusion that q is true feeds itself where p is: KL(p‖q) / (KL(q‖p) + KL(p‖q))."""
    p_over_q, q_over_p = np.exp(log_p) @ (log_p - log_q), np.exp(log_q) @ (log_q - log_p)
    return float(p_over_q / (q_over_p + p_over_q))


def as_table(outcomes: dict[tuple[float, str], Outcome]) -> Table:
    """One row for a share and a rule."""
    heads = (
        "written by\nthe agent",
        "own words\nare",
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
    """Print what became of the agents, and draw the share deluded over time if a file is named."""
    command = Command("many_agents", description=__doc__)
    command.add_argument("--plot", type=image_file, help="an image file for the share deluded, such as agents.png")
    args = command.parse_args()
    outcomes = {(share, rule): outcome(lives(0, share, RULES[rule])) for share in SHARES for rule in RULES}
    console = Console()
    console.print(f"{AGENTS:,} agents of each kind, {SLOTS:,} slots each.")
    console.print(as_table(outcomes))
    tips = tipping_share(*LOG_KERNELS), tipping_share(*LOG_KERNELS[::-1])
    console.print(f"A delusion feeds itself above {tips[0]:.0%} where p_B is true, above {tips[1]:.0%} where p_A is.")
    if args.plot:
        from causal_agency import plot

        curves = {name: result.deluded for name, result in outcomes.items()}
        plot.deluded(curves).savefig(args.plot)


if __name__ == "__main__":
    main()
