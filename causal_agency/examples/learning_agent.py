"""An agent that learns: whose symbols do its kernels count? ``python -m causal_agency.examples.learning_agent``.

Two hypotheses about a stream of A and B: it is a coin, or it has a habit that can be learned from what was written. The
agent writes A fifty times. Then the world begins to write, B four times in five, and the agent writes A in between.

The posterior w may be right while the kernel of the habit is deluded: it has counted the agent's own A. When the
posterior is deluded too, it takes every A for a success of that kernel.
"""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency import (
    History,
    Hypothesis,
    Kernel,
    Mixture,
    Number,
    Slot,
    as_bystander,
    bystander,
    dirichlet,
    do,
    memoryless,
    see,
)
from causal_agency.cli import Command, image_file, import_extra
from causal_agency.ledger import format_number

__all__ = ["AGENTS", "HABIT", "HISTORY", "Step", "life", "main", "mixture"]

ALONE, TOGETHER = 50, 50  # slots that the agent writes alone; pairs of a slot by the world and one by the agent
WORLD = "BBBBA"  # what the world writes, over and over
HABIT = WORLD.count("B") / len(WORLD)  # how often it writes B
SHOWN = 0, 50, 52, 60, 100, 150  # slots in the table


def mixture(learner: Kernel) -> Mixture:
    """Return even odds on a coin and on a habit that ``learner`` learns."""
    return Mixture({Hypothesis("habit", learner): 0.5, Hypothesis("coin", memoryless(A=0.5, B=0.5)): 0.5})


def pairs(n: int) -> Iterable[tuple[Slot, Slot]]:
    """Yield what the world and the agent write in turn."""
    return ((see(WORLD[i % len(WORLD)]), do("A")) for i in range(n))


HISTORY = (*[do("A")] * ALONE, *chain.from_iterable(pairs(TOGETHER)))
LEARNER = dirichlet(0.5, "AB")
AGENTS: dict[str, tuple[Mixture, tuple[Slot, ...]]] = {
    "both right": (mixture(LEARNER), HISTORY),
    "w right, kernel deluded": (mixture(bystander(LEARNER)), HISTORY),
    "both deluded": (mixture(LEARNER), as_bystander(HISTORY)),
}


class Step(NamedTuple):
    """What an agent believes after a slot.

    Attributes:
        habit: ν(B) of the hypothesis that there is a habit.
        w: Its posterior probability.
        pi: π(B) of the mixture.
    """

    habit: Number
    w: Number
    pi: Number


def life(mix: Mixture, history: History) -> list[Step]:
    """Return a step for the prior and for every slot."""
    habit, belief = next(iter(mix.prior)), mix.belief()
    steps = []
    for slot in (None, *history):
        belief = belief.after(slot) if slot else belief
        steps.append(Step(habit.nu("B", belief.past), belief.posterior()[habit], belief.predict("B")))
    return steps


def life_table(lives: dict[str, list[Step]]) -> Table:
    """Return what the agents believe after some of the slots."""
    table = Table("after slot", "", *lives, box=box.SIMPLE_HEAD)
    for t in SHOWN:
        for quantity, name in zip(Step._fields, ("ν_habit(B)", "w(habit)", "π(B)")):
            numbers = (format_number(getattr(steps[t], quantity)) for steps in lives.values())
            table.add_row(str(t) if quantity == "habit" else "", name, *numbers, end_section=quantity == "pi")
    return table


def main() -> None:
    """Print what the three agents believe, and draw it if a file is named."""
    command = Command("learning_agent", description=__doc__)
    command.add_argument("--plot", type=image_file, help="an image file for the curves, such as learning.png")
    args = command.parse_args()
    lives = {name: life(*agent) for name, agent in AGENTS.items()}
    Console().print(f"The world writes B {HABIT:.0%} of the time. The agent writes A, alone for {ALONE} slots.")
    Console().print(life_table(lives))
    if args.plot:
        with import_extra("causal_agency.examples.learning_agent", extra="plot", command=__name__ == "__main__"):
            from causal_agency import plot
        plot.learning({name: [*zip(*steps)] for name, steps in lives.items()}, HABIT).savefig(args.plot)


if __name__ == "__main__":
    main()
