"""The minimal two-action example (paper, section 4): ``python -m causal_agency.examples.two_action``.

Two hypotheses, two symbols. The agent writes A because its prior favors A; then the world writes B. Recorded as an
action, A changes nothing. Recorded as evidence, the agent's own early mistake becomes a reason to believe it.
"""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

from rich import box
from rich.console import Console
from rich.table import Table

from causal_agency import (
    Hypothesis,
    ImpossibleEvidence,
    L_do,
    L_obs,
    Mixture,
    Number,
    Slot,
    as_bystander,
    do,
    memoryless,
    see,
)
from causal_agency.cli import Command
from causal_agency.ledger import format_number

__all__ = ["HISTORY", "PRIOR", "P_A", "P_B", "main", "mix", "mixture", "p_A", "p_B", "policy"]

P_B, P_A = {"A": 0.20, "B": 0.80}, {"A": 0.90, "B": 0.10}
PRIOR = {"p_B": 0.35, "p_A": 0.65}


def mixture(prior: Mapping[str, Number], **kernels: Mapping[str, Number]) -> Mixture:
    """Return memoryless hypotheses by name, with prior weights by name."""
    if prior.keys() != kernels.keys():
        raise ValueError(f"the prior must name {' and '.join(kernels)}")
    return Mixture({_hypothesis(name, kernels[name]): w for name, w in prior.items()})


def _hypothesis(name: str, kernel: Mapping[str, Number]) -> Hypothesis:
    """Return a memoryless hypothesis; an error in its kernel names it."""
    try:
        return Hypothesis(name, memoryless(kernel))
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None


def policy(mix: Mixture, history: tuple[Slot, ...]) -> str:
    """Return what the agent of section 4.1 writes: B if π(B) is at least one half, else A."""
    return "B" if mix.predict("B", history) >= 0.5 else "A"


mix = mixture(PRIOR, p_B=P_B, p_A=P_A)
p_B, p_A = mix.prior
HISTORY = (do(policy(mix, ())), see("B"))


def _cell(quantity: Callable[[], Number]) -> str:
    """Return the quantity for a table; it is undefined if the bystander finds the agent's action impossible."""
    try:
        return format_number(quantity())
    except ImpossibleEvidence:
        return format_number(None)


def likelihood_table(mix: Mixture, history: tuple[Slot, ...]) -> Table:
    """Return the likelihoods of section 4.3, and the probability of each next symbol."""
    table = Table("quantity", "interventional", "bystander", box=box.SIMPLE_HEAD)
    for p in mix.prior:
        table.add_row(f"likelihood of {p}", format_number(L_do(p, history)), format_number(L_obs(p, history)))
    for token in next(iter(mix.prior)).tokens:
        naive = _cell(partial(mix.predict, token, as_bystander(history)))
        table.add_row(f"π({token}) next", format_number(mix.predict(token, history)), naive)
    return table


def distribution(argument: str) -> dict[str, Number]:
    """Parse ``A=0.2,B=0.8`` or ``A=1/5,B=4/5``: a number with a point or exponent is a float, any other is exact."""
    if "/0" in argument:
        raise ValueError
    pairs = [item.split("=") for item in argument.split(",")]
    numbers = {name: float(value) if set(".eE") & set(value) else Fraction(value) for name, value in pairs}
    if len(numbers) < len(pairs):
        raise ValueError
    return numbers


def slot(argument: str) -> Slot:
    """Parse ``do(A)`` or ``see(A)``."""
    match = re.fullmatch(r"(do|see)\((\w+)\)", argument)
    if not match:
        raise ArgumentTypeError(f"{argument!r} is no slot: write 'do(A)' or 'see(A)'")
    return {"do": do, "see": see}[match[1]](match[2])


def main() -> None:
    """Print the ledger of a history, by default the paper's."""
    command = Command("two_action", description=__doc__)
    command.add_argument("history", nargs="*", type=slot, default=HISTORY, help="slots such as do(A) see(B)")
    command.add_argument("--prior", type=distribution, default=PRIOR, help="such as p_B=0.35,p_A=0.65")
    command.add_argument("--p_B", type=distribution, default=P_B, help="the kernel of p_B, such as A=1/5,B=4/5")
    command.add_argument("--p_A", type=distribution, default=P_A, help="the kernel of p_A")
    args = command.parse_args()
    try:
        mix = mixture(args.prior, p_B=args.p_B, p_A=args.p_A)
        first = f"π(B) = {format_number(mix.predict('B'))}: the agent of section 4 writes {policy(mix, ())}"
        tables = mix.ledger(args.history), likelihood_table(mix, args.history)
    except ValueError as problem:
        command.error(str(problem))
    Console().print(f"Before the first slot {first}.\n")
    for table in tables:
        Console().print(table)


if __name__ == "__main__":
    main()
